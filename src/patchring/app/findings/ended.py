"""What a tenant runs that is past its end of life, or will be soon, or of which nobody knows: asked for, not kept."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from patchring.app.caller import Caller
from patchring.core.ids import TenantId
from patchring.core.risk.lifecycle import Cycle, Ended, Ending, State, Supported, Unknown, state_of
from patchring.core.risk.products import APPLICATIONS, Named, application_named, system_named
from patchring.store import sql
from patchring.store.transaction import Row, Tx

NAMES_SHOWN = 10
_ORDER = ("ended", "ending", "unknown", "supported")


async def list_ended(caller: Caller, tenant_id: TenantId) -> dict[str, Any]:
    """`lines` of systems and applications of active devices: what ended first, then what ends, what is unknown, and
    what is maintained. `observed_at`: when the feed was last taken; None: never."""
    async with caller.reading(tenant_id) as tx:
        return await lifecycles_of(tx, tenant_id, caller.services.clock.now())


async def lifecycles_of(tx: Tx, tenant_id: TenantId, now: datetime) -> dict[str, Any]:
    """The same inside a transaction."""
    asked = {"tenant_id": tenant_id, "names": NAMES_SHOWN}
    systems = await tx.all(sql.lifecycles.systems, asked)
    applications = await tx.all(sql.lifecycles.applications, {**asked, "pattern": APPLICATIONS})
    named = [*_named("system", systems, system_named), *_named("application", applications, application_named)]
    products = sorted({each.product for _, _, each in named if each})
    rows = await tx.all(sql.feeds.lifecycles, {"products": products})
    cycles = [msgspec.convert(row["body"], Cycle) for row in rows]
    lines = [_told(kind, row, state_of(each, cycles, now)) for kind, row, each in named]
    observed_at = await tx.value(sql.feeds.lifecycles_observed)
    return {"observed_at": observed_at, "lines": sorted(lines, key=_place)}


def _named(
    kind: str, rows: Sequence[Row], name: Callable[[str, str], Named | None]
) -> list[tuple[str, Row, Named | None]]:
    return [(kind, row, name(row["name"], row["version"])) for row in rows]


def _told(kind: str, row: Row, state: State) -> dict[str, Any]:
    said = {name: row[name] for name in ("name", "version", "device_count", "device_names")}
    return {"kind": kind, **said, "text": state.text, **_of_cycle(state)}


def _of_cycle(state: State) -> dict[str, Any]:
    match state:
        case Ended(cycle, following):
            return {"state": "ended", **_cycle(cycle), "next_cycle": following.cycle if following else ""}
        case Ending(cycle, _, following):
            return {"state": "ending", **_cycle(cycle), "next_cycle": following.cycle if following else ""}
        case Supported(cycle):
            return {"state": "supported", **_cycle(cycle), "next_cycle": ""}
        case Unknown():
            return {"state": "unknown", "product": "", "cycle": "", "until": None, "extended": None, "next_cycle": ""}


def _cycle(cycle: Cycle) -> dict[str, Any]:
    until, extended = (day if not isinstance(day, bool) else None for day in (cycle.eol, cycle.extended_until))
    return {"product": cycle.product, "cycle": cycle.cycle, "until": until, "extended": extended}


def _place(line: dict[str, Any]) -> tuple[Any, ...]:
    state, day = _ORDER.index(line["state"]), line["until"] or date.min
    return state, day, line["kind"] != "system", line["name"], line["version"]
