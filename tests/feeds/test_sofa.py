"""Releases of macOS, iOS and Safari: what each settles, what of it is exploited, and what it runs on."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from patchring.feeds import sofa
from patchring.feeds.errors import FeedRefused
from patchring.feeds.guards import accept
from patchring.feeds.model import MacRelease, Snapshot
from tests.feeds.material import OBSERVED, changed, cut, shared

MACOS = cut("sofa/macos.json")
IOS = cut("sofa/ios.json")
SAFARI = cut("sofa/safari.json")


def parsed(raw: bytes) -> Snapshot[MacRelease]:
    return sofa.parse(raw, OBSERVED)


def by_title(raw: bytes) -> dict[str, MacRelease]:
    return {row.title: row for row in parsed(raw).rows}


def first_release(**said: Any) -> bytes:
    """macOS with its second release saying something else; None takes the field away."""
    feed = json.loads(MACOS)
    releases = feed["OSVersions"][0]["SecurityReleases"]
    other = releases[1] | said
    releases[1] = {name: value for name, value in other.items() if value is not None}
    return json.dumps(feed).encode()


def test_a_release_says_what_it_settles_and_what_of_it_is_exploited() -> None:
    assert by_title(MACOS)["macOS Sequoia 15.6.1"] == MacRelease(
        product="macOS",
        version="15.6.1",
        line="Sequoia 15",
        build="",
        builds=(),
        title="macOS Sequoia 15.6.1",
        released_on=date(2025, 8, 20),
        cves=("CVE-2025-43300",),
        exploited=("CVE-2025-43300",),
        devices=("MacBookPro15,2", "MacPro7,1", "MacPro7,1-Rack", "Macmini8,1", "iMacPro1,1"),
        notes_url="https://support.apple.com/en-us/124927",
    )


def test_the_latest_release_knows_its_devices_by_model_and_is_told_once() -> None:
    found = parsed(MACOS)
    latest = [row for row in found.rows if row.version == "26.6.2"]
    assert [(row.title, row.builds) for row in latest] == [("macOS Tahoe 26.6.2", ("25G83",))]
    boards = json.loads(MACOS)["OSVersions"][0]["Latest"]["SupportedDevices"]
    models = {json.loads(MACOS)["Devices"][board]["DeviceID"] for board in boards}
    assert set(latest[0].devices) == models


def test_a_feed_says_which_product_it_is_of_and_when_it_was_checked() -> None:
    checked = datetime(2026, 8, 22, 18, 45, 3, 57991, tzinfo=UTC)
    found = parsed(MACOS)
    assert (found.feed, found.part, found.published_at) == ("sofa", "macos", checked)
    assert len(found.version) == 64
    assert (parsed(IOS).part, parsed(SAFARI).part, parsed(SAFARI).published_at) == ("ios", "safari", None)


def test_small_updates_between_releases_are_releases_too() -> None:
    found = by_title(MACOS)["macOS 26.3.1 (a)"]
    assert (found.version, found.line, found.build, found.released_on) == (
        "26.3.1 (a)",
        "Tahoe 26",
        "25D771280a",
        date(2026, 3, 17),
    )
    assert (found.cves, found.exploited) == (("CVE-2026-20643",), ())


def test_the_same_release_listed_twice_is_one_and_one_for_the_ipad_is_its_own() -> None:
    titles = [row.title for row in parsed(IOS).rows]
    assert titles.count("iOS 18.7.7 and iPadOS 18.7.7") == 1
    assert [title for title in titles if "17.0.2" in title] == ["iOS 17.0.2", "iOS 17.0.2 and iPadOS 17.0.2"]


@pytest.mark.parametrize("flag", [{"exploited": True}, {"ActivelyExploited": True}], ids=str)
def test_a_flag_at_a_cve_is_enough(flag: dict[str, bool]) -> None:
    raw = first_release(CVEs={"CVE-2026-65400": flag, "CVE-2026-65401": {}}, ActivelyExploitedCVEs=[])
    assert by_title(raw)["macOS Tahoe 26.6.1"].exploited == ("CVE-2026-65400",)


def test_an_exploited_cve_that_is_only_in_the_list_is_settled_too() -> None:
    raw = first_release(CVEs={}, ActivelyExploitedCVEs=["CVE-2026-65400"])
    found = by_title(raw)["macOS Tahoe 26.6.1"]
    assert (found.cves, found.exploited) == (("CVE-2026-65400",), ("CVE-2026-65400",))


def test_a_build_that_is_told_later_changes_a_release_and_makes_no_new_one() -> None:
    before = parsed(first_release(Build="", AllBuilds=[]))
    found = accept(before, parsed(MACOS))
    assert (found.appeared, found.vanished) == ((), ())
    assert [(was.build, row.build) for was, row in found.changed] == [("", "25G76")]


def test_the_latest_is_a_release_also_where_the_list_does_not_have_it() -> None:
    feed = json.loads(SAFARI)
    feed["AppVersions"][0]["SecurityReleases"][0]["UpdateName"] = "Safari 26.6.0"
    assert [row.title for row in parsed(json.dumps(feed).encode()).rows][:2] == ["Safari 26.6.1", "Safari 26.6.0"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"CVEs": {"CVE-1": {}}}, "expected a CVE at macOS Tahoe 26.6.1, got 'CVE-1'"),
        ({"ReleaseDate": "August"}, "expected a day at macOS Tahoe 26.6.1, got 'August'"),
        ({"UpdateName": " "}, "expected a name at a release, nothing came"),
        (
            {"ProductVersion": 26},
            "Expected `str`, got `int` - at `$.OSVersions[0].SecurityReleases[1].ProductVersion`",
        ),
        ({"CVEs": None}, "Object missing required field `CVEs` - at `$.OSVersions[0].SecurityReleases[1]`"),
    ],
)
def test_a_release_that_says_what_cannot_be_refuses_the_feed(said: dict[str, Any], expected: str) -> None:
    with pytest.raises(FeedRefused) as refused:
        parsed(first_release(**said))
    assert (refused.value.kind, refused.value.found) == ("feed_wrong_shape", expected)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "feed_empty"),
        (b"[]", "feed_wrong_shape"),
        (b"{}", "feed_wrong_shape"),
        (MACOS[: len(MACOS) // 2], "feed_truncated"),
        (changed(MACOS, Version="1.0"), "feed_wrong_shape"),
        (changed(MACOS, OSVersions=[]), "feed_wrong_shape"),
        (changed(MACOS, OSVersions=None), "feed_wrong_shape"),
        (changed(MACOS, LastCheck="now"), "feed_wrong_shape"),
    ],
)
def test_what_is_no_feed_is_refused(raw: bytes, kind: str) -> None:
    with pytest.raises(FeedRefused) as refused:
        parsed(raw)
    assert refused.value.kind == kind


@pytest.mark.parametrize(
    ("part", "rows", "cves", "exploited"),
    # Releases of the lists and Background Security Improvements: 126 + 2, 72 (one twice) + 1, 30.
    [("macos", 128, 4836, 77), ("ios", 72, 1560, 41), ("safari", 30, 272, 11)],
)
def test_a_real_feed_has_all_its_releases(part: str, rows: int, cves: int, exploited: int) -> None:
    found = parsed(shared(f"macos/v2_{part}_data_feed.json.gz"))
    assert (found.part, len(found.rows)) == (part, rows)
    assert sum(len(row.cves) for row in found.rows) == cves
    assert sum(len(row.exploited) for row in found.rows) == exploited


def test_the_newest_of_a_real_line_is_not_always_what_the_feed_calls_its_latest() -> None:
    """iOS 18.7.10 is listed, 18.7.8 is called the latest: versions are to be compared, not believed."""
    versions = {row.version for row in parsed(shared("macos/v2_ios_data_feed.json.gz")).rows if row.line == "18"}
    assert {"18.7.8", "18.7.9", "18.7.10"} <= versions
