"""How windows to come are printed, whether a server or this machine worked them out."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from rich.markup import escape

from patchring.cli.output import console, say
from patchring.policyfile.zones import zone


def show_calendars(calendars: Iterable[Mapping[str, Any]], *, with_utc: bool = False) -> None:
    """Each with its `segment`, `window`, `zone` and `rows`, the instants of which are ISO 8601."""
    for each in calendars:
        title = f"{each['window']} ({each['zone']})"
        console.print(f"\n[bold]{escape(each['segment'] or 'no segment')}[/bold]: {escape(title)}", soft_wrap=True)
        for row in each["rows"]:
            say(f"  {_row(row, zone(each['zone']), with_utc)}")
        if not each["rows"]:
            say("  none in this time")


def _row(row: Mapping[str, Any], local: tzinfo, with_utc: bool) -> str:
    """In the site's own time, as its people know it."""
    why = "; ".join(each["text"] for each in row["reasons"])
    if row["state"] == "skipped":
        return f"{row['on']}  skipped: {why}"
    opens, closes = (datetime.fromisoformat(row[name]).astimezone(local) for name in ("opens_at", "closes_at"))
    if closes - opens > timedelta(days=3650):
        return f"any time{f': {why}' if why else ''}"
    # Which day it is goes without saying on the same day and in the night after it.
    ends = "%a %Y-%m-%d %H:%M" if closes.date() - opens.date() > timedelta(days=1) else "%a %H:%M"
    said = f"{opens:%a %Y-%m-%d %H:%M} to {closes:{ends}}"
    if with_utc:
        said = f"{said}  = {opens.astimezone(UTC):%a %H:%M} to {closes.astimezone(UTC):{ends}} UTC"
    return f"{said}{f'  ({why})' if why else ''}"
