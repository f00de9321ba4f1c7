"""The board: every patch on its way, tenant by tenant and ring by ring. `load` asks the database, the rest is pure.

What it asks grows with the rollouts on the page, not with the devices: rings carry their counts, and the census of
devices is remembered for a few seconds.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from patchring.core.ids import RolloutId, TenantId
from patchring.core.rollout.states import RolloutState
from patchring.store import sql
from patchring.store.transaction import Row, Tx
from patchring.web.census import HELD_DEVICES_MAX, Census
from patchring.web.events import Subjects, event_views, is_news, subject_names
from patchring.web.frame import Framed, recent_months
from patchring.web.models import BoardPage, DeviceLine, Fact, HeldLine, HeldPatch, PatchBoard
from patchring.web.patches import device_href, patch_meta, rollout_view
from patchring.web.scopes import scopes_of_board
from patchring.web.sentences import DETAILS
from patchring.web.texts import counted, span, why
from patchring.web.words import rollout_state

ROLLOUTS_MAX = 40
EVENTS_MAX = 25
EVENT_LIMITS = {"look_at": 150, "limit": 80}
ALARMS = (RolloutState.HALTED, RolloutState.ROLLING_BACK)


@dataclass(frozen=True)
class Board:
    """Rows of `page.rollouts`, `page.rings` and `page.recent_events`. `older`: there are more rollouts."""

    rollouts: Sequence[Row]
    rings: Sequence[Row]
    events: Sequence[Row]
    subjects: Subjects
    older: bool


async def load(tx: Tx, tenant_ids: Sequence[TenantId], before: RolloutId | None, now: datetime) -> Board:
    """What the board shows, but for the frame and the census."""
    scope = {"tenant_ids": list(tenant_ids)}
    asked = {**scope, "before_id": before, "limit": ROLLOUTS_MAX + 1}
    rollouts = await tx.all(sql.page.rollouts, asked)
    shown = rollouts[:ROLLOUTS_MAX]
    rings = await tx.all(sql.page.rings, {**scope, "rollout_ids": [row["rollout_id"] for row in shown]})
    recent = {**scope, "months": recent_months(now), "details": DETAILS, **EVENT_LIMITS}
    events = [row for row in await tx.all(sql.page.recent_events, recent) if is_news(row)][:EVENTS_MAX]
    subjects = await subject_names(tx, tenant_ids, events)
    return Board(shown, rings, events, subjects, len(rollouts) > ROLLOUTS_MAX)


def board_page(framed: Framed, board: Board, census: Census, silent_after_s: int) -> BoardPage:
    tenants = framed.names.tenants
    frame = framed.frame("Rollouts", scopes_of_board(framed.names, board.rollouts, framed.everything))
    last = board.rollouts[-1] if board.older else None
    observing_count = sum(row["observing_count"] for row in census.tenants)
    return BoardPage(
        **vars(frame),
        facts=_facts(board, census),
        patches=_patches(board, tenants, framed.now),
        unknown=_unknown(board, census, silent_after_s),
        silent=[DeviceLine(device_href(row), row["name"], last_seen_at=row["last_seen_at"]) for row in census.silent],
        held=_held(census.held, tenants),
        observers=[_observer(row) for row in census.observers],
        observing_more=max(0, observing_count - len(census.observers)),
        events=event_views(board.events, board.subjects, framed.names),
        older=f"/?before={last['rollout_id']}" if last else "",
    )


def _patches(board: Board, tenants: Mapping[UUID, str], now: datetime) -> list[PatchBoard]:
    """One for each patch, the one with the newest rollout first; in it the tenants in their order, the operator first.

    By patch and not by campaign: tenants that began at the same moment may have begun a campaign each.
    """
    rings: dict[UUID, list[Row]] = {}
    for ring in board.rings:
        rings.setdefault(ring["rollout_id"], []).append(ring)
    by_patch: dict[str, list[Row]] = {}
    for row in board.rollouts:
        by_patch.setdefault(row["patch_key"], []).append(row)
    order = {tenant_id: number for number, tenant_id in enumerate(tenants)}
    boards = []
    for key, rows in by_patch.items():
        first = rows[0]
        rows = sorted(rows, key=lambda row: order.get(row["tenant_id"], len(order)))
        views = [rollout_view(r, rings.get(r["rollout_id"], []), tenants.get(r["tenant_id"], ""), now) for r in rows]
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        boards.append(PatchBoard(name, first["title"], patch_meta(first), first["security"], views))
    return boards


def _held(rows: Sequence[Row], tenants: Mapping[UUID, str]) -> list[HeldPatch]:
    """One for each patch, with a line for each tenant that misses it."""
    by_patch: dict[str, HeldPatch] = {}
    for row in rows:
        patch = by_patch.setdefault(row["patch_key"], HeldPatch(row["patch_id"].hex, row["title"], []))
        many = f"{HELD_DEVICES_MAX} and more devices" if row["device_count"] >= HELD_DEVICES_MAX else ""
        devices = many or counted(row["device_count"], "device")
        patch.lines.append(HeldLine(tenants.get(row["tenant_id"], ""), devices, _why_held(row["decision"])))
    return list(by_patch.values())


def _why_held(decision: Mapping[str, Any]) -> str:
    """What the segments' rules say, each sentence once; else why nothing began."""
    said = [why(segment.get("reasons")) for segment in decision.get("segments", {}).values()]
    return " ".join(dict.fromkeys(text for text in said if text)) or why(decision.get("reasons"))


def _observer(row: Row) -> DeviceLine:
    pending = f"{row['pending_count']} pending"
    if row["security_count"]:
        pending += f", {row['security_count']} security"
    return DeviceLine(
        device_href(row), row["name"], os=f"{row['os_name']} {row['os_version']}".strip(), pending=pending
    )


def _facts(board: Board, census: Census) -> list[Fact]:
    """The line on top: what an experienced eye looks for first, alarms before the rest."""
    counts: dict[str, int] = {}
    for row in board.rollouts:
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    facts = [Fact(count, rollout_state(state).word, state in ALARMS) for state, count in sorted(counts.items())]
    facts.sort(key=lambda fact: not fact.alarm)
    device_count = sum(row["device_count"] for row in census.tenants)
    heard = device_count - sum(row["silent_count"] for row in census.tenants)
    return [*facts, Fact(heard, f"of {counted(device_count, 'device')} heard of in time")]


def _unknown(board: Board, census: Census, silent_after_s: int) -> list[str]:
    """What cannot be said just now. Nothing unknown is said as well: an empty box would be a doubt."""
    lines = []
    silent = sum(row["silent_count"] for row in census.tenants)
    if silent:
        limit = span(timedelta(seconds=silent_after_s))
        lines.append(f"{counted(silent, 'device')} not heard of for more than {limit}:")
    inconclusive = sum(_is_inconclusive(ring) for ring in board.rings)
    if inconclusive:
        lines.append(f"{counted(inconclusive, 'ring')} without a clear verdict: a person has to look.")
    return lines or ["Every device was heard of in time, and no verdict is inconclusive."]


def _is_inconclusive(ring: Row) -> bool:
    return any("inconclusive" in reason["code"] for reason in ring["reasons"])
