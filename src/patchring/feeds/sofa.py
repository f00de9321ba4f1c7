"""Releases of macOS, iOS and Safari with their CVEs, as SOFA (macadmins) gathers them from Apple; feeds of version 2.

What is exploited is said in three ways over the years of the feed: a list for each release, and two flags at a CVE.
One of them is enough.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec

from patchring.feeds.errors import WrongShape
from patchring.feeds.model import MacRelease, Snapshot
from patchring.feeds.reading import as_json, clean, cve, document, name, shown, snapshot

FEED = "sofa"
_PARTS = {"macOS": "macos", "iOS and iPadOS": "ios", "Safari": "safari"}


class _Flags(msgspec.Struct):
    exploited: bool | None = None
    actively: bool | None = msgspec.field(default=None, name="ActivelyExploited")


class _Release(msgspec.Struct, rename="pascal"):
    update_name: str
    product_name: str
    product_version: str
    release_date: str
    cves: dict[str, _Flags] = msgspec.field(name="CVEs")
    exploited: list[str] | None = msgspec.field(name="ActivelyExploitedCVEs")
    build: str = ""
    all_builds: list[str] | None = None
    supported_devices: list[str] | None = None
    security_info: str = ""


class _Line(msgspec.Struct, rename="pascal"):
    latest: _Release
    security_releases: list[_Release]
    os: str = msgspec.field(default="", name="OSVersion")
    app: str = msgspec.field(default="", name="AppVersion")


class _Improvement(msgspec.Struct, rename="pascal"):
    """A Background Security Improvement: a small update between two releases, for some devices."""

    version: str
    build: str
    posting_date: str
    supported_devices: list[str]
    version_extra: str | None = None
    security_info: str | None = None
    cves: list[str] | None = msgspec.field(default=None, name="CVEs")


class _Device(msgspec.Struct):
    model: str = msgspec.field(default="", name="DeviceID")


class _Feed(msgspec.Struct, rename="pascal"):
    version: str
    update_hash: str
    os: list[_Line] | None = msgspec.field(default=None, name="OSVersions")
    apps: list[_Line] | None = msgspec.field(default=None, name="AppVersions")
    last_check: str = ""
    devices: dict[str, _Device] = {}
    background_security_improvements: dict[str, list[_Improvement]] = {}


def parse(raw: bytes, observed_at: datetime) -> Snapshot[MacRelease]:
    """`part` is the product ("macos"), `version` SOFA's hash, `published_at` its last look at Apple. Raises
    FeedRefused."""
    feed = as_json(FEED, document(FEED, raw), _Feed)
    if feed.version.split(".")[0] != "2":
        raise WrongShape(FEED, f"expected a feed of version 2, got {shown(feed.version)}")
    lines = feed.os if feed.os is not None else feed.apps
    if not lines or not lines[0].security_releases:
        raise WrongShape(FEED, "expected releases of a system or an application, none came")
    product = name(FEED, "a product", lines[0].security_releases[0].product_name, 100)
    rows = [row for line in lines for row in _releases(line, feed.devices)]
    rows += _improvements(feed, product, [line.os for line in lines])
    return snapshot(
        FEED,
        raw,
        list(dict.fromkeys(rows)),  # iOS 18.7.7 is listed twice, in the same words
        observed_at,
        published_at=_moment(feed.last_check),
        version=clean(FEED, "the hash", feed.update_hash, 200),
        part=_PARTS.get(product, product.lower()),
    )


def _releases(line: _Line, devices: dict[str, _Device]) -> list[MacRelease]:
    """The latest is told twice, and only once with its devices."""
    label = name(FEED, "a major release", line.os or line.app, 100)
    rows = [_release(each, label, devices) for each in line.security_releases]
    latest = _release(line.latest, label, devices)
    rows = [latest if row.key == latest.key and row == replace(latest, devices=row.devices) else row for row in rows]
    return rows if any(row.key == latest.key for row in rows) else [latest, *rows]


def _release(said: _Release, line: str, devices: dict[str, _Device]) -> MacRelease:
    title = name(FEED, "a release", said.update_name)
    flagged = [number for number, flags in said.cves.items() if flags.exploited or flags.actively]
    exploited = sorted({_cve(title, number) for number in [*flagged, *(said.exploited or [])]})
    return MacRelease(
        product=name(FEED, f"the product of {title}", said.product_name, 100),
        version=name(FEED, f"the version of {title}", said.product_version, 100),
        line=line,
        build=clean(FEED, f"the build of {title}", said.build, 100),
        builds=tuple(clean(FEED, f"a build of {title}", build, 100) for build in said.all_builds or []),
        title=title,
        released_on=_day(title, said.release_date),
        cves=tuple(sorted({_cve(title, number) for number in said.cves} | set(exploited))),
        exploited=tuple(exploited),
        devices=_models(said.supported_devices or [], devices),
        notes_url=clean(FEED, f"the address of {title}", said.security_info),
    )


def _improvements(feed: _Feed, product: str, labels: list[str]) -> list[MacRelease]:
    rows: list[MacRelease] = []
    for major, said in feed.background_security_improvements.items():
        line = next((label for label in labels if label.split(" ")[-1] == major), clean(FEED, "a line", major, 100))
        rows += [_improvement(each, product, line, feed.devices) for each in said]
    return rows


def _improvement(said: _Improvement, product: str, line: str, devices: dict[str, _Device]) -> MacRelease:
    version = name(FEED, "an improvement", f"{said.version} {said.version_extra or ''}", 100)
    build = name(FEED, f"the build of {version}", said.build, 100)
    return MacRelease(
        product=product,
        version=version,
        line=line,
        build=build,
        builds=(build,),
        title=f"{product} {version}",
        released_on=_day(version, said.posting_date),
        cves=tuple(sorted({_cve(version, number) for number in said.cves or []})),
        exploited=(),
        devices=_models(said.supported_devices, devices),
        notes_url=clean(FEED, f"the address of {version}", said.security_info or ""),
    )


def _models(boards: list[str], devices: dict[str, _Device]) -> tuple[str, ...]:
    """iOS names models at once; of a Mac it names the board, and the model in a list of its own."""
    found = {(devices[board].model if board in devices else "") or board for board in boards}
    return tuple(sorted(clean(FEED, "a device", each, 100) for each in found))


def _cve(title: str, said: str) -> str:
    return cve(FEED, title, said)


def _day(where: str, said: str) -> date:
    """`2026-08-17T00:00:00Z` or `2026-08-17`: Apple says days."""
    try:
        return datetime.fromisoformat(said).date()
    except ValueError as error:
        raise WrongShape(FEED, f"expected a day at {where}, got {shown(said)}") from error


def _moment(said: str) -> datetime | None:
    """Safari's feed does not say when it was checked."""
    if not said:
        return None
    try:
        at = datetime.fromisoformat(said)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise WrongShape(FEED, f"expected the time of the last check, got {shown(said)}") from error
