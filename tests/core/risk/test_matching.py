"""Advisories against packages: both ends of a range, what an update settles, what was asked before."""

from hypothesis import given
from hypothesis import strategies as st

from patchring.core.risk.matching import Affected, Match, Matcher, Present
from patchring.core.versions import Scheme, compare

DEBIAN, ALMA = "Debian:12", "AlmaLinux:9"
SCHEMES = {DEBIAN: Scheme.DEB, ALMA: Scheme.RPM}
LINES = [
    Affected("DSA-1", DEBIAN, "openssl", "3.0.0-1", "3.0.15-1~deb12u1"),
    Affected("DSA-2", DEBIAN, "openssl", "0", "3.0.17-1"),
    Affected("DSA-3", DEBIAN, "openssl"),
    Affected("DSA-4", DEBIAN, "curl", "", "7.88.1-10"),
    Affected("ALSA-1", ALMA, "openssl", "", "1:3.0.7-28.el9_4"),
]


def matcher() -> Matcher:
    return Matcher(LINES, SCHEMES)


def ids(matches: list[Match]) -> list[str]:
    return [match.advisory_id for match in matches]


def test_an_advisory_holds_from_its_first_version_to_before_its_fix() -> None:
    found = {
        version: ids(matcher().matches([Present(DEBIAN, "openssl", version)]))
        for version in ("1.1.1-1", "3.0.0-1", "3.0.14-1", "3.0.15-1~deb12u1", "3.0.17-1")
    }
    assert found == {
        "1.1.1-1": ["DSA-2", "DSA-3"],
        "3.0.0-1": ["DSA-1", "DSA-2", "DSA-3"],
        "3.0.14-1": ["DSA-1", "DSA-2", "DSA-3"],
        "3.0.15-1~deb12u1": ["DSA-2", "DSA-3"],
        "3.0.17-1": ["DSA-3"],
    }


def test_a_last_version_is_still_affected_and_the_next_is_not() -> None:
    lines = [Affected("DSA-5", DEBIAN, "openssl", "1.1.1-2", last="3.0.0-1")]
    found = {
        version: ids(Matcher(lines, SCHEMES).matches([Present(DEBIAN, "openssl", version)]))
        for version in ("1.1.1-1", "1.1.1-2", "3.0.0-1", "3.0.0-1+b1")
    }
    assert found == {"1.1.1-1": [], "1.1.1-2": ["DSA-5"], "3.0.0-1": ["DSA-5"], "3.0.0-1+b1": []}


def test_ecosystems_are_apart() -> None:
    assert matcher().matches([Present(ALMA, "openssl", "1:3.0.7-27.el9"), Present(ALMA, "curl", "1")]) == [
        Match("ALSA-1", "openssl", "1:3.0.7-27.el9", "1:3.0.7-28.el9_4")
    ]


def test_an_update_settles_what_its_version_fixes_and_nothing_that_has_no_fix() -> None:
    openssl = Present(DEBIAN, "openssl", "3.0.14-1")
    assert ids(matcher().settled_by(openssl, "3.0.15-1~deb12u1")) == ["DSA-1"]
    assert ids(matcher().settled_by(openssl, "3.0.17-1")) == ["DSA-1", "DSA-2"]
    assert matcher().settled_by(openssl, "3.0.14-1") == []


NUMBERS = st.integers(0, 9)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=8), st.lists(NUMBERS, max_size=6), NUMBERS)
def test_asked_in_any_order_it_says_what_each_line_says(
    ranges: list[tuple[int, int]], versions: list[int], target: int
) -> None:
    lines = [Affected(f"A{n}", ALMA, "p", str(low), str(high)) for n, (low, high) in enumerate(ranges)]
    packages = [Present(ALMA, "p", str(version)) for version in versions]
    several = Matcher(lines, SCHEMES)
    expected = {
        (line.advisory_id, str(version))
        for line in lines
        for version in versions
        if int(line.introduced) <= version < int(line.fixed)
    }
    assert {(match.advisory_id, match.version) for match in several.matches(packages)} == expected
    assert several.matches(reversed(packages)) == Matcher(reversed(lines), SCHEMES).matches(packages)
    for package in packages:
        settled = {match.advisory_id for match in several.settled_by(package, str(target))}
        after = {match.advisory_id for match in several.of_package(Present(ALMA, "p", str(target)))}
        now = {match.advisory_id for match in several.of_package(package)}
        if compare(Scheme.RPM, str(target), package.version) >= 0:
            assert settled == {each for each in now if each not in after}
