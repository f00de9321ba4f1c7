"""`patchring calendar`: what windows will do, who is there when, and dates from iCalendar files."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from patchring.cli.client import path
from patchring.cli.errors import CliError
from patchring.cli.output import Json, say, server, show_json, show_rows, told
from patchring.cli.tenant_commands import Tenant
from patchring.cli.window_rows import show_calendars
from patchring.policyfile.ical import CalendarInvalid, read_calendar, read_days_off
from patchring.policyfile.zones import zone, zone_exists

calendar = typer.Typer(help="Windows to come, shifts of people, dates from iCalendar files.", no_args_is_help=True)
AHEAD = timedelta(days=90)
File = Annotated[Path, typer.Argument(metavar="FILE.ics", exists=True, dir_okay=False, help="An iCalendar file.")]
Zone = Annotated[str, typer.Option("--zone", help="IANA zone of times that name none.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to this day; three months otherwise.")]


def register(app: typer.Typer) -> None:
    app.add_typer(calendar, name="calendar")


@calendar.command("show")
def show(
    tenant: Tenant,
    segment: Annotated[str, typer.Option(help="Of this segment alone.")] = "",
    site: Annotated[str, typer.Option(help="In the zone of this site alone.")] = "",
    count: Annotated[int, typer.Option(min=1, max=50, help="So many windows of each segment.")] = 5,
    after: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Those after this day.")] = None,
    as_json: Json = False,
) -> None:
    """The next windows of the policy in force, with the reason for each that is skipped, cut or moved.

    Example: patchring calendar show northwind --segment servers
    """
    asked = {"segment": segment, "site": site, "count": count, "after": _instant(after)}
    with server() as api:
        found = api.get(path("tenants", tenant, "calendar"), **asked)
    if as_json:
        show_json(found)
        return
    show_calendars(found["calendars"])
    if not found["calendars"]:
        say("no segment of the policy in force has a window")


def _instant(day: datetime | None) -> str | None:
    return day.replace(tzinfo=UTC).isoformat() if day else None


@calendar.command("shifts")
def shifts(
    tenant: Tenant,
    past: Annotated[bool, typer.Option("--past", help="Those that are over too.")] = False,
    as_json: Json = False,
) -> None:
    """Who is there when, and who said so."""
    with server() as api:
        rows = api.each(path("tenants", tenant, "shifts"), past=past)
        columns = ("shift_id", "person", "kind", "begins_at", "ends_at", "acknowledged_at")
        show_rows(rows, columns, as_json, "no shifts: `patchring calendar import-shifts` brings them")


@calendar.command("import-shifts")
def import_shifts(
    tenant: Tenant,
    person: Annotated[str, typer.Argument(help="As the token of the person is called.")],
    file: File,
    on_call: Annotated[bool, typer.Option("--on-call", help="On call, not at work.")] = False,
    zone_name: Zone = "UTC",
    until: Until = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Make a person's shifts those of his calendar: what is not in it any more is withdrawn.

    Example: patchring calendar import-shifts northwind ada ada.ics --on-call --zone Europe/Berlin --dry-run
    """
    now = datetime.now(UTC)
    end = until.replace(tzinfo=UTC) if until else now + AHEAD
    spans = [
        {"begins_at": each.begins_at.isoformat(), "ends_at": each.ends_at.isoformat()}
        for each in _read(file, zone_name, now, end)
        if each.begins_at < end and each.ends_at > each.begins_at
    ]
    body = {
        "person": person,
        "kind": "on_call" if on_call else "on_shift",
        "until": end.isoformat(),
        "shifts": spans,
        "dry_run": dry_run,
    }
    with server() as api:
        row = api.post(path("tenants", tenant, "shifts"), body)
    would = "would be " if dry_run else ""
    changes = f"{len(row['added'])} {would}added, {len(row['withdrawn'])} {would}withdrawn"
    told(row, as_json, f"{person}: {changes}, {row['unchanged_count']} as before")


@calendar.command("acknowledge")
def acknowledge(
    tenant: Tenant,
    shift_id: Annotated[str, typer.Argument(help="Id, as `calendar shifts` shows it.")],
    as_json: Json = False,
) -> None:
    """Say that you are there: only the person of a shift can."""
    with server() as api:
        row = api.post(path("tenants", tenant, "shifts", shift_id, "acknowledge"))
    told(row, as_json, f"{row['person']} is there until {row['ends_at'][:16].replace('T', ' ')} UTC")


@calendar.command("blackouts")
def blackouts(
    file: File,
    zone_name: Zone = "UTC",
    begin: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="From this day on.")] = None,
    until: Until = None,
    as_json: Json = False,
) -> None:
    """Print the whole days of a calendar as rows for `blackouts` of a policy: the text stays the only source.

    Example: patchring calendar blackouts holidays.ics --until 2027-12-31 >> tenants/northwind/policy.yaml
    """
    first = begin.date() if begin else datetime.now(UTC).date()
    last = until.date() if until else first + timedelta(days=365)
    rows = _days_off(file, zone_name, first, last)
    if as_json:
        show_json([{"name": name, "from": str(start), "to": str(end)} for name, start, end in rows])
        return
    print("blackouts:" if rows else "blackouts: []")
    for name, start, end in rows:
        print(f"  - {{name: {_quoted(name)}, from: {start}, to: {end}}}")


def _days_off(file: Path, zone_name: str, first: date, last: date) -> list[tuple[str, date, date]]:
    """Names are made different where two are the same: a policy wants a name of its own for each row."""
    try:
        found = read_days_off(file.read_bytes(), _zone(zone_name), first, last)
    except CalendarInvalid as invalid:
        raise CliError(f"{file}: {invalid}") from invalid
    names = [each.summary or "closed" for each in found]
    return [
        (name if names.count(name) == 1 else f"{name} {each.from_on}", each.from_on, each.to_on)
        for name, each in zip(names, found, strict=True)
    ]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _read(file: Path, zone_name: str, begin: datetime, end: datetime) -> Any:
    try:
        return read_calendar(file.read_bytes(), _zone(zone_name), begin, end)
    except CalendarInvalid as invalid:
        raise CliError(f"{file}: {invalid}") from invalid


def _zone(name: str) -> Any:
    if not zone_exists(name):
        raise CliError(f"there is no zone {name!r}; expected an IANA name such as Europe/Berlin")
    return zone(name)
