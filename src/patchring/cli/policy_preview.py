"""`patchring policy preview`: what the windows of a text on this machine will do, before anybody signs it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from patchring.cli.errors import CliError
from patchring.cli.output import Json, say, show_json
from patchring.cli.policy_files import Looked, looked_at
from patchring.cli.window_rows import show_calendars
from patchring.core.policy.calendar import Blackout, Window
from patchring.core.policy.decide import row_names_of
from patchring.core.policy.model import Policy
from patchring.core.schedule.preview import Planned, Skipped, preview
from patchring.core.schedule.windows import concerns
from patchring.policyfile.zones import zone, zone_exists

ROWS_AT_FIRST = 64
Read = tuple[str, Policy]


def preview_windows(
    path_: Annotated[
        Path, typer.Argument(metavar="PATH", exists=True, help="A text (YAML), or a tree: each of its tenants.")
    ],
    days: Annotated[int, typer.Option(min=1, max=366, help="So many days ahead.")] = 30,
    segment: Annotated[str, typer.Option(help="The window of this segment alone.")] = "",
    zone_name: Annotated[str, typer.Option("--zone", help="IANA zone of windows that name none.")] = "UTC",
    begin: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="From this day on.")] = None,
    as_json: Json = False,
) -> None:
    """What each window of a text will do, in local time and in UTC, and why one is skipped, cut or moved. No server.

    Example: patchring policy preview examples/policies/standard.yaml --days 60 --zone Europe/Paris
    """
    if not zone_exists(zone_name):
        raise CliError(f"there is no zone {zone_name!r}; expected an IANA name such as Europe/Berlin")
    read = _read(path_)
    _require_known(read, segment)
    now = datetime.now(UTC)
    found: list[dict[str, Any]] = [
        {"name": name, "fingerprint": policy.fingerprint, "calendars": list(_calendars(policy, *asked))}
        for name, policy in read
        for asked in [(segment, zone_name, begin.date() if begin else None, now, days)]
    ]
    if as_json:
        show_json(found)
        return
    for each in found:
        if len(found) > 1:
            say(f"\n== {each['name']}")
        show_calendars(each["calendars"], with_utc=True)
        if not each["calendars"]:
            say("the text has no window for that")


def _read(path_: Path) -> list[Read]:
    """Of a tree its tenants, or its baseline where there is none yet. Raises CliError with every error of the texts."""
    looked = list(looked_at(path_))
    chosen: Sequence[Looked] = looked[1:] or looked
    wrong = dict.fromkeys(error.told(each.name) for each in chosen for error in each.checked.errors)
    if wrong:
        raise CliError(f"{path_} is not a valid policy:\n" + "\n".join(wrong))
    return [(each.name, each.checked.policy) for each in chosen if each.checked.policy is not None]


def _require_known(read: Sequence[Read], segment: str) -> None:
    names = dict.fromkeys(rule.name for _, policy in read for rule in policy.segments)
    if segment and segment not in names:
        raise CliError(f"the policy has no segment {segment!r}; it has {', '.join(names)}")


def _calendars(
    policy: Policy, segment: str, zone_name: str, begin: date | None, now: datetime, days: int
) -> Iterator[dict[str, Any]]:
    """One for each window and what closes it: segments with the same blackouts share one."""
    for (name, blackouts), segments in _groups(policy, segment).items():
        window = policy.windows[name]
        where = window.zone or zone_name
        after = datetime.combine(begin, time(0), tzinfo=zone(where)).astimezone(UTC) if begin else now
        rows = _rows(policy, window, blackouts, where, after, days)
        about = {"segment": ", ".join(segments), "segments": segments, "window": name, "zone": where}
        yield {**about, "rows": [_as_json(row) for row in rows]}


def _groups(policy: Policy, segment: str) -> dict[tuple[str, tuple[Blackout, ...]], list[str]]:
    """The segments of each window and set of blackouts. A window that no segment has is there with none."""
    groups: dict[tuple[str, tuple[Blackout, ...]], list[str]] = {}
    for rule in policy.segments:
        if segment in ("", rule.name) and rule.window in policy.windows:
            names = row_names_of(policy, rule.name)
            minded = tuple(each for each in policy.blackouts if concerns(each, names))
            groups.setdefault((rule.window, minded), []).append(rule.name)
    taken = {name for name, _ in groups}
    for name in policy.windows if not segment else ():
        if name not in taken:
            groups[name, tuple(policy.blackouts)] = []
    return groups


def _rows(
    policy: Policy, window: Window, blackouts: Sequence[Blackout], where: str, after: datetime, days: int
) -> list[Planned | Skipped]:
    """All that begin before the last day ends."""
    end, count = after + timedelta(days=days), ROWS_AT_FIRST
    local = zone(where)
    while True:
        rows = preview(window, blackouts, policy.hours, local, after, count)
        within = [row for row in rows if _begins(row, where) < end]
        if len(rows) < count or len(within) < len(rows):
            return within
        count *= 2


def _begins(row: Planned | Skipped, where: str) -> datetime:
    """A skipped one begins nowhere: its day does."""
    return row.opens_at if isinstance(row, Planned) else datetime.combine(row.on, time(0), tzinfo=zone(where))


def _as_json(row: Planned | Skipped) -> dict[str, Any]:
    """As `calendar show --json` has it."""
    if isinstance(row, Skipped):
        reasons = [row.reason.as_json()]
        return {"state": "skipped", "on": str(row.on), "opens_at": None, "closes_at": None, "reasons": reasons}
    times = {"opens_at": row.opens_at.isoformat(), "closes_at": row.closes_at.isoformat()}
    state = "changed" if row.reasons else "planned"
    return {"state": state, "on": None, **times, "reasons": [each.as_json() for each in row.reasons]}
