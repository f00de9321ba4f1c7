"""What people do about tests (R7): see what is asked for, put on record what was tried, let go without it by two."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, Invalid, NotAllowed, NotFound
from patchring.app.holds import look_again
from patchring.app.patches import find_patch
from patchring.app.permits.authorities import read_policy
from patchring.app.tests_on_record import cases_of
from patchring.app.work import Work
from patchring.core.ids import TenantId
from patchring.core.policy.model import Policy
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.transaction import Row, Tx

WAIVED_FOR_MAX = timedelta(days=30)


@dataclass(frozen=True)
class Tried:
    """One case as it went, on all the devices of the record."""

    case: str
    passed: bool
    note: str = ""


async def show_plan(caller: Caller, tenant_id: TenantId) -> list[dict[str, Any]]:
    """The segments that ask for tests, in the order of the policy in force. Raises Conflict (policy_missing)."""
    now = caller.services.clock.now()
    async with caller.reading(tenant_id) as tx:
        policy = await _policy(tx, tenant_id, now)
    return [
        {
            "segment": rule.name,
            "ring": rule.ring,
            "cases": [{"case": c.name, "criterion": c.criterion} for c in rule.tests],
        }
        for rule in policy.segments
        if rule.tests
    ]


async def record(
    caller: Caller, tenant_id: TenantId, name: str, segment: str, devices: Sequence[str], tried: Sequence[Tried]
) -> Row:
    """Put on record what was tried. Each criterion is kept as the policy has it now; what was left out stays untried.

    Raises NotFound (patch_not_found), Invalid (test_unknown, test_twice), Conflict (policy_missing).
    """
    async with caller.work(tenant_id) as work:
        patch = await find_patch(work.tx, tenant_id, name)
        results = _results(await _policy(work.tx, tenant_id, work.now), segment, tried)
        record_id, passed = new_id(work.now), all(each.passed for each in tried)
        row = {"tenant_id": tenant_id, "test_record_id": record_id, "patch_id": patch["patch_id"], "segment": segment}
        said = {"devices": list(devices), "results": Jsonb(results), "passed": passed, "at": work.now, "by": work.actor}
        await work.tx.execute(sql.tests.add_record, {**row, **said})
        data = {"patch_key": patch["patch_key"], "segment": segment, "devices": list(devices), "results": results}
        work.record("test_recorded", "patch", patch["patch_id"], {**data, "passed": passed, "how": _how(tried)})
        await look_again(work, patch)
        return await _record(work.tx, tenant_id, record_id)


async def list_records(caller: Caller, tenant_id: TenantId, name: str, before: UUID | None, limit: int) -> list[Row]:
    """Newest first. `name` is of a patch; empty: every one. Raises NotFound."""
    async with caller.reading(tenant_id) as tx:
        patch_id = (await find_patch(tx, tenant_id, name))["patch_id"] if name else None
        given = {"tenant_id": tenant_id, "before": before, "patch_id": patch_id, "test_record_id": None}
        return await tx.all(sql.tests.records, {**given, "limit": limit})


async def show_record(caller: Caller, tenant_id: TenantId, record_id: UUID) -> Row:
    """Raises NotFound (test_record_not_found)."""
    async with caller.reading(tenant_id) as tx:
        return await _record(tx, tenant_id, record_id)


async def waive(caller: Caller, tenant_id: TenantId, name: str, segment: str, reason: str, expires_at: datetime) -> Row:
    """Ask that a patch goes to a segment without its tests; it counts when another person has confirmed it.

    Raises NotFound (patch_not_found), Invalid (test_unknown, waiver_too_long), Conflict (policy_missing).
    """
    async with caller.work(tenant_id) as work:
        patch = await find_patch(work.tx, tenant_id, name)
        _require_cases(await _policy(work.tx, tenant_id, work.now), segment)
        if not work.now < expires_at <= work.now + WAIVED_FOR_MAX:
            detail = (
                f"expected an instant within the next {WAIVED_FOR_MAX.days} days, got {expires_at:%Y-%m-%d %H:%M} UTC"
            )
            raise Invalid(detail, kind="waiver_too_long")
        waiver_id = new_id(work.now)
        row = {"tenant_id": tenant_id, "test_waiver_id": waiver_id, "patch_id": patch["patch_id"], "segment": segment}
        who = {"at": work.now, "by": work.actor, "by_id": caller.principal.principal_id}
        await work.tx.execute(sql.tests.add_waiver, {**row, "reason": reason, "expires_at": expires_at, **who})
        data = {"patch_key": patch["patch_key"], "segment": segment, "reason": reason}
        work.record(
            "test_waiver_asked", "patch", patch["patch_id"], {**data, "until": f"{expires_at:%Y-%m-%d %H:%M} UTC"}
        )
        return await _waiver(work.tx, tenant_id, waiver_id)


async def confirm_waiver(caller: Caller, tenant_id: TenantId, waiver_id: UUID) -> Row:
    """The second person. Raises NotFound, NotAllowed for the first, Conflict (waiver_confirmed, waiver_over)."""
    async with caller.work(tenant_id) as work:
        before = await _waiver(work.tx, tenant_id, waiver_id)
        key = {"tenant_id": tenant_id, "test_waiver_id": waiver_id}
        who = {"at": work.now, "by": work.actor, "by_id": caller.principal.principal_id}
        if await work.tx.execute(sql.tests.confirm_waiver, {**key, **who}) != 1:
            _refuse(await _waiver(work.tx, tenant_id, waiver_id), work)
        data = {"patch_key": before["patch_key"], "segment": before["segment"], "reason": before["reason"]}
        told = {**data, "asked_by": before["asked_by"], "until": f"{before['expires_at']:%Y-%m-%d %H:%M} UTC"}
        work.record("test_waiver_confirmed", "patch", before["patch_id"], told)
        await look_again(work, before)
        return await _waiver(work.tx, tenant_id, waiver_id)


async def list_waivers(caller: Caller, tenant_id: TenantId, before: UUID | None, limit: int) -> list[Row]:
    """Newest first, also those that are over or were asked for by one person alone."""
    given = {"tenant_id": tenant_id, "before": before, "test_waiver_id": None, "limit": limit}
    async with caller.reading(tenant_id) as tx:
        return await tx.all(sql.tests.waivers, given)


def _refuse(waiver: Row, work: Work) -> None:
    if waiver["confirmed_by"] is not None:
        raise Conflict(f"{waiver['confirmed_by']} confirmed it before", kind="waiver_confirmed")
    if waiver["expires_at"] <= work.now:
        raise Conflict("it is over; ask for another with `patchring tests waive`", kind="waiver_over")
    raise NotAllowed("who asked for a waiver cannot confirm it; it takes a second person")


async def _policy(tx: Tx, tenant_id: TenantId, now: datetime) -> Policy:
    in_force = await read_policy(tx, tenant_id, now)
    if in_force.policy is None:
        raise Conflict(f"no policy in force says what is tested: {in_force.trouble}", kind="policy_missing")
    return in_force.policy


def _require_cases(policy: Policy, segment: str) -> dict[str, str]:
    """Criteria by the name of the case."""
    cases = {case.name: case.criterion for case in cases_of(policy, segment)}
    if not cases:
        detail = f"the policy asks for no test in a segment {segment!r}; `patchring tests plan` shows where it does"
        raise Invalid(detail, kind="test_unknown")
    return cases


def _results(policy: Policy, segment: str, tried: Sequence[Tried]) -> list[dict[str, Any]]:
    cases = _require_cases(policy, segment)
    names = [each.case for each in tried]
    unknown = next((name for name in names if name not in cases), None)
    if unknown is not None:
        detail = f"segment {segment} has no test {unknown!r}; it has {', '.join(cases)}"
        raise Invalid(detail, kind="test_unknown")
    if len(set(names)) < len(names):
        raise Invalid("a case stands in it twice; a record says one thing of each", kind="test_twice")
    return [
        {"case": each.case, "criterion": cases[each.case], "passed": each.passed, "note": each.note} for each in tried
    ]


def _how(tried: Sequence[Tried]) -> str:
    """`sign in passed, print failed (no paper)`."""
    said = [
        f"{each.case} {'passed' if each.passed else 'failed'}{f' ({each.note})' if each.note else ''}" for each in tried
    ]
    return ", ".join(said)


async def _record(tx: Tx, tenant_id: TenantId, record_id: UUID) -> Row:
    given = {"tenant_id": tenant_id, "before": None, "patch_id": None, "test_record_id": record_id, "limit": 1}
    row = await tx.maybe(sql.tests.records, given)
    if row is None:
        detail = f"there is no test record {record_id} in this tenant; `patchring tests list` shows them"
        raise NotFound(detail, kind="test_record_not_found")
    return row


async def _waiver(tx: Tx, tenant_id: TenantId, waiver_id: UUID) -> Row:
    given = {"tenant_id": tenant_id, "before": None, "test_waiver_id": waiver_id, "limit": 1}
    row = await tx.maybe(sql.tests.waivers, given)
    if row is None:
        raise NotFound(f"there is no waiver of tests {waiver_id} in this tenant", kind="test_waiver_not_found")
    return row
