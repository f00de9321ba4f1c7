"""Whether a product's updates made trouble before."""

import pytest

from patchring.core.risk.history import Past, noise, product_of
from tests.core.builders import patch

GOOD = Past("1.0", 40, 0)


def test_two_of_six_make_a_product_noisy() -> None:
    """Named, newest first, with what was wrong and without anybody's counts."""
    issue, failed = Past("1.9", 30, 0, "web-42"), Past("1.5", 38, 2)
    found = noise([GOOD, issue, GOOD, GOOD, GOOD, failed])
    assert found is not None
    assert found.text == (
        "2 of the newest 6 releases made trouble: 1.9 (known issue web-42), 1.5 (it failed on devices)"
    )
    assert (found.code, found.numbers) == ("noisy", {"troubled": "2", "releases": "6"})
    assert noise([issue, failed]) is not None


def test_six_good_ones_make_it_quiet_again() -> None:
    """What lies further back is not looked at."""
    bad = Past("1.1", 0, 9)
    assert noise([*[GOOD] * 5, bad, bad]) is None
    assert noise([*[GOOD] * 4, bad, bad]) is not None


def test_what_nobody_had_says_nothing() -> None:
    """A release that was skipped takes no place among the six; a known issue against it counts."""
    bad, unseen = Past("1.1", 0, 9), Past("1.2", 0, 0)
    assert noise([*[unseen] * 6, bad, bad]) is not None
    assert noise([Past("1.3", 0, 0, "web-43"), bad]) is not None
    assert noise([unseen, unseen]) is None


@pytest.mark.parametrize(
    ("verified", "failed", "trouble"),
    [(0, 1, ""), (0, 2, "it failed on devices"), (38, 2, "it failed on devices"), (39, 2, ""), (1000, 9, "")],
)
def test_a_failure_or_two_among_many_is_no_trouble(verified: int, failed: int, trouble: str) -> None:
    """Two devices at least, and one in twenty of those that had it."""
    assert Past("1.1", verified, failed).trouble == trouble


@pytest.mark.parametrize(
    ("title", "update_id", "product"),
    [
        ("2026-11 Cumulative Update for Windows 11 Version 24H2 for x64-based Systems (KB5068861) (26100.7171)", "u",
         "Cumulative Update for Windows 11 Version 24H2 for x64-based Systems"),
        ("Security Intelligence Update for Microsoft Defender (KB2267602)", "u",
         "Security Intelligence Update for Microsoft Defender"),
        ("Driver (WHQL) for something", "u", "Driver (WHQL) for something"),
        ("web 2", "", "web"),
    ],
)  # fmt: skip
def test_releases_of_one_product_have_one_name(title: str, update_id: str, product: str) -> None:
    assert product_of(patch(title=title, update_id=update_id)) == product
