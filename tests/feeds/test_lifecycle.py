"""Ends of maintenance: a day, a plain yes or no, or nothing; from the repository and from the API alike."""

import json
from datetime import date
from typing import Any

import pytest

from patchring.feeds import lifecycle
from patchring.feeds.errors import FeedRefused
from patchring.feeds.model import Lifecycle, Snapshot
from tests.feeds.material import OBSERVED, cut, shared

PRODUCTS = cut("lifecycle/products.json")
API = cut("lifecycle/api.json")


def parsed(raw: bytes) -> Snapshot[Lifecycle]:
    return lifecycle.parse(raw, OBSERVED)


def by_key(raw: bytes) -> dict[str, Lifecycle]:
    return {row.key: row for row in parsed(raw).rows}


def refusal(raw: bytes) -> tuple[str, str]:
    with pytest.raises(FeedRefused) as refused:
        parsed(raw)
    return refused.value.kind, refused.value.found


def product(**said: Any) -> bytes:
    """The products with the first release of Ubuntu saying something else."""
    products = json.loads(PRODUCTS)
    products["ubuntu"]["releases"][0] |= said
    return json.dumps(products).encode()


def test_a_release_says_until_when_it_is_maintained_and_until_when_for_money() -> None:
    assert by_key(PRODUCTS)["ubuntu 26.04"] == Lifecycle(
        product="ubuntu",
        cycle="26.04",
        label="Ubuntu 26.04 'Resolute Raccoon'",
        released_on=date(2026, 4, 23),
        eol=date(2031, 4, 30),
        support_until=date(2031, 4, 30),
        extended_until=date(2036, 4, 30),
        long_term=True,
        latest="26.04",
    )


def test_a_release_without_a_day_says_whether_it_is_over() -> None:
    found = by_key(PRODUCTS)
    assert (found["adonisjs 7"].eol, found["adonisjs 7"].support_until) == (False, None)
    assert {row.eol for row in found.values() if row.product == "apache-groovy"} <= {True}
    assert found["bootstrap 5"].long_term == date(2022, 7, 19)


def test_windows_is_told_apart_by_edition() -> None:
    found = by_key(PRODUCTS)
    ends = {row.cycle: row.eol for row in found.values() if row.product == "windows"}
    assert ends["11-25h2-w"] == date(2027, 10, 12)
    assert len(ends) == 6


def test_the_api_says_the_same_in_its_own_words() -> None:
    said, same = by_key(API), by_key(PRODUCTS)
    for key in ("ubuntu 26.04", "ubuntu 25.04", "adonisjs 7"):
        ours, theirs = said[key], same[key]
        assert (ours.eol, ours.support_until, ours.extended_until) == (
            theirs.eol,
            theirs.support_until,
            theirs.extended_until,
        )
        assert (ours.released_on, bool(ours.long_term)) == (theirs.released_on, bool(theirs.long_term))
    assert said["ubuntu 26.04"].label == "Ubuntu 26.04 'Resolute Raccoon' (LTS)"
    assert parsed(API).version == "1.2.0"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ("feed_empty", "expected a feed, 0 bytes came")),
        (b"{}", ("feed_empty", "expected entries, none came")),
        (b"[]", ("feed_wrong_shape", "Expected `object`, got `array`")),
        (PRODUCTS[:4000], ("feed_truncated", "expected a whole JSON document, it ends in the middle")),
        (product(eol="2031-02-30"), ("feed_wrong_shape", "expected a day at ubuntu 26.04, got '2031-02-30'")),
        (
            product(eol=2031),
            ("feed_wrong_shape", "Expected `bool | str | null`, got `int` - at `$[...].releases[0].eol`"),
        ),
        (product(releaseCycle=""), ("feed_wrong_shape", "expected a name at a cycle of ubuntu, nothing came")),
        (product(releaseCycle="25.10"), ("feed_duplicate", "expected each entry once, ubuntu 25.10 came twice")),
        (API.replace(b'"result"', b'"results"'), ("feed_wrong_shape", "Object missing required field `result`")),
    ],
)
def test_what_is_no_list_of_products_is_refused(raw: bytes, expected: tuple[str, str]) -> None:
    assert refusal(raw) == expected


def test_the_real_list_has_464_products() -> None:
    found = parsed(shared("eol/endoflife_products.json.gz"))
    assert (len(found.rows), len({row.product for row in found.rows})) == (8351, 464)
    assert sum(isinstance(row.eol, bool) for row in found.rows) == 1123
    windows_10 = next(row for row in found.rows if row.key == "windows 10-22h2")
    assert windows_10.eol == date(2025, 10, 14)
