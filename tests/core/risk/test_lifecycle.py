"""Whether what a device runs is maintained: by cycles, on both sides of each day, and unknown where nobody said."""

from datetime import UTC, date, datetime, timedelta

import pytest

from patchring.core.risk.lifecycle import Cycle, Ended, Ending, State, Supported, Unknown, state_of
from patchring.core.risk.products import Named, application_named, system_named

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def cycle(product: str, name: str, eol: date | bool | None, year: int = 2020, long: bool | None = None) -> Cycle:
    return Cycle(product, name, f"{product.title()} {name}", date(year, 1, 1), eol, long_term=long)


def judged(eol: date | bool | None, now: datetime = NOON) -> State:
    return state_of(Named("x", ("1",)), [cycle("x", "1", eol)], now)


def test_the_last_day_is_still_maintained() -> None:
    """In UTC, to its end; a warning begins 90 days before."""
    last = cycle("x", "1", TODAY)
    assert judged(TODAY, datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)) == Ending(last, 0, None)
    assert judged(TODAY, datetime(2026, 11, 24, tzinfo=UTC)) == Ended(last, None)
    soon, later = TODAY + timedelta(days=90), TODAY + timedelta(days=91)
    assert judged(soon) == Ending(cycle("x", "1", soon), 90, None)
    assert judged(later) == Supported(cycle("x", "1", later))


def test_a_word_without_a_day_counts() -> None:
    """It is over; it is not; nobody said, which is no yes."""
    assert judged(True) == Ended(cycle("x", "1", True), None)
    assert judged(False) == Supported(cycle("x", "1", False))
    assert judged(None) == Unknown("endoflife.date does not say until when X 1 is maintained")


def test_what_is_not_known_is_unknown() -> None:
    cycles = [cycle("debian", "12", TODAY)]
    assert state_of(None, cycles, NOON) == Unknown(
        "no product that endoflife.date is asked about: it is not known until when it is maintained"
    )
    assert state_of(system_named("debian", ""), cycles, NOON) == Unknown(
        "endoflife.date has no cycle (no version is known) of debian"
    )
    assert state_of(system_named("debian", "99"), cycles, NOON) == Unknown("endoflife.date has no cycle 99 of debian")
    assert state_of(system_named("ubuntu", "24.04"), cycles, NOON) == Unknown(
        "nothing is known here of ubuntu: was the feed endoflife brought?"
    )


def test_the_next_cycle_is_one_that_will_be_maintained() -> None:
    """Not one that has ended or is about to; after one for long, another for long."""
    past, soon, far = TODAY - timedelta(days=1), TODAY + timedelta(days=9), TODAY + timedelta(days=999)
    old = cycle("x", "1", past, 2018, long=True)
    cycles = [
        cycle("x", "5", far, 2024, long=True),
        cycle("x", "4", far, 2022),
        cycle("x", "3", soon, 2021, long=True),
        cycle("x", "2", past, 2020, long=True),
        old,
        cycle("y", "6", far, 2025, long=True),
    ]
    assert state_of(Named("x", ("1",)), cycles, NOON) == Ended(old, cycles[2])
    assert state_of(Named("x", ("3",)), cycles, NOON) == Ending(cycles[2], 9, cycles[0])
    assert state_of(Named("x", ("2",)), cycles[3:], NOON) == Ended(cycles[3], None)


def test_what_is_said_is_a_sentence() -> None:
    ended = Cycle("debian", "11", "Debian 11", date(2021, 8, 14), date(2024, 8, 14), date(2026, 8, 31))
    following = Cycle("debian", "13", "Debian 13", date(2025, 8, 9), date(2028, 8, 9))
    assert Ended(ended, following).text == (
        "Debian 11 was maintained until 2024-08-14"
        " (extended support, for who has it: until 2026-08-31); next: Debian 13"
    )
    assert Ending(following, 3, None).text == (
        "Debian 13 is maintained until 2028-08-09, 3 days from now; no later cycle of it is known"
    )
    assert "until 2028-08-09, 1 day from now" in Ending(following, 1, None).text
    assert Supported(following).text == "Debian 13 is maintained until 2028-08-09"
    assert Supported(Cycle("macos", "26", "Apple macOS macOS 26", None, False)).text == "Apple macOS 26 is maintained"
    over = Cycle("x", "1", "X 1", None, True)
    assert Ended(over, None).text == "X 1 is maintained no more; no later cycle of it is known"
    unfilled = Cycle("mongodb", "6.0", "MongoDB Server 6.0{%if r.codename %} ({{r.codename}}){%endif%}", None, False)
    assert Supported(unfilled).text == "MongoDB Server 6.0 is maintained"


@pytest.mark.parametrize(
    ("os_name", "os_version", "product", "name"),
    [
        ("debian", "12", "debian", "12"),
        ("ubuntu", "22.04", "ubuntu", "22.04"),
        ("rhel", "9.4", "rhel", "9"),
        ("almalinux", "9.4", "almalinux", "9"),
        ("rocky", "8.10", "rocky-linux", "8"),
        ("centos", "7", "centos", "7"),
        ("centos", "9", "centos-stream", "9"),
        ("alpine", "3.19.1", "alpine-linux", "3.19"),
        ("amzn", "2023", "amazon-linux", "2023"),
        ("sles", "15", "sles", "15.0"),
        ("macOS", "14.6.1", "macos", "14"),
        ("macOS", "10.15.7", "macos", "10.15"),
        ("Windows 11 Pro", "24H2", "windows", "11-24h2-w"),
        ("Microsoft Windows 11 Enterprise", "24H2", "windows", "11-24h2-e"),
        ("Windows 11 Pro Education", "24H2", "windows", "11-24h2-w"),
        ("Windows 11 IoT Enterprise LTSC", "24H2", "windows", "11-24h2-iot-lts"),
        ("Windows 10 Enterprise LTSC 2019", "1809", "windows", "10-1809-e-lts"),
        ("Windows 10 Home", "22H2", "windows", "10-22h2"),
        ("Windows 8.1 Pro", "6.3.9600", "windows", "8.1"),
        ("Windows 7 Professional", "6.1", "windows", "7-sp1"),
        ("Windows Server 2025", "24H2", "windows-server", "2025"),
        ("Windows Server 2012 R2 Standard", "", "windows-server", "2012-r2"),
        ("Windows Server 2008 R2", "", "windows-server", "2008-r2-sp1"),
    ],
)
def test_a_system_is_found_by_what_it_says_of_itself(os_name: str, os_version: str, product: str, name: str) -> None:
    named = system_named(os_name, os_version)
    assert named is not None
    assert (named.product, name in named.cycles) == (product, True)


@pytest.mark.parametrize("os_name", ["", "gentoo", "Windows", "Windows Server, version 23H2", "darwin", "arch"])
def test_a_system_that_is_not_in_the_map_has_no_product(os_name: str) -> None:
    assert system_named(os_name, "1") is None


def test_an_edition_that_is_not_told_is_not_guessed() -> None:
    """Enterprise is maintained for longer than Pro: one of the two would be wrong."""
    cycles = [cycle("windows", "11-24h2-e", True), cycle("windows", "11-24h2-w", False)]
    assert isinstance(state_of(system_named("Windows 11", "24H2"), cycles, NOON), Unknown)


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("docker-ce", "5:27.3.1-1~debian.12~bookworm", ("docker-engine", "27.3")),
        ("Python.Python.3.9", "3.9.13", ("python", "3.9")),
        ("OpenJS.NodeJS.LTS", "20.11.0", ("nodejs", "20")),
        ("gitlab-ee", "17.1.0-ee.0", ("gitlab", "17.1")),
        ("python3.9", "3.9.2-1", None),
        ("nodejs", "18.19.0", None),
        ("docker-ce-cli", "5:27.3.1", None),
    ],
)
def test_an_application_is_one_that_only_its_maker_packages(
    name: str, version: str, expected: tuple[str, str] | None
) -> None:
    named = application_named(name, version)
    if expected is None:
        assert named is None
    else:
        assert named is not None
        assert (named.product, expected[1] in named.cycles) == (expected[0], True)
