"""What of a policy's tests lacks a record or a waiver: read where a ring opens, and again where a permit is given."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from patchring.core.ids import TenantId
from patchring.core.policy.model import Policy
from patchring.core.policy.testing import Case, CaseResult, Record, Waiver, missing_tests
from patchring.core.reason import Reason
from patchring.store import sql
from patchring.store.transaction import Row, Tx


async def tests_missing_by_segment(
    tx: Tx, tenant_id: TenantId, policy: Policy, patch: tuple[UUID, str], segments: Iterable[str], now: datetime
) -> Mapping[str, tuple[Reason, ...]]:
    """Segments that lack something, each with what. `patch` is id and key. Nothing is read where none is asked for."""
    plans = {name: cases for name in set(segments) if (cases := cases_of(policy, name))}
    if not plans:
        return {}
    patch_id, patch_key = patch
    key = {"tenant_id": tenant_id, "patch_id": patch_id, "segments": sorted(plans)}
    records = [_record(patch_key, row) for row in await tx.all(sql.tests.records_of_patch, key)]
    waivers = [_waiver(patch_key, row) for row in await tx.all(sql.tests.waivers_of_patch, key)]
    found = {name: missing_tests({name: plans[name]}, patch_key, records, waivers, now) for name in sorted(plans)}
    return {name: lacks for name, lacks in found.items() if lacks}


def cases_of(policy: Policy, segment: str) -> tuple[Case, ...]:
    """None for a segment that asks for no test, or that the policy does not have any more."""
    rule = policy.segment(segment)
    return rule.tests if rule else ()


def _record(patch_key: str, row: Row) -> Record:
    results = tuple(CaseResult(each["case"], each["criterion"], each["passed"]) for each in row["results"])
    return Record(patch_key, row["segment"], row["recorded_at"], row["recorded_by"], row["device_count"], results)


def _waiver(patch_key: str, row: Row) -> Waiver:
    second = str(row["confirmed_by_id"]) if row["confirmed_by_id"] else None
    return Waiver(patch_key, row["segment"], row["reason"], row["expires_at"], str(row["asked_by_id"]), second)
