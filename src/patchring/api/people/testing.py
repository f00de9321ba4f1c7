"""Tests: what a policy asks for, what was tried, and what two persons let go without it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from patchring.api.people.answers import Answer, Page
from patchring.api.people.calendar_answers import Instant
from patchring.api.people.door import Ask, in_tenant, once
from patchring.api.people.paging import Paged
from patchring.api.people.shapes import Body
from patchring.api.people.texts import Name, Thing, Why, Word
from patchring.app import testing
from patchring.app.permissions import Permission as P

router = APIRouter(tags=["tests"])


class TriedNew(Body):
    case: Word = Field(description="As the policy names it.")
    passed: bool
    note: str = Field(default="", max_length=300, pattern=r"^[^\x00-\x1f]*$")


class RecordNew(Body):
    patch: Thing = Field(description="Id or key of the patch.")
    segment: Thing
    devices: list[Name] = Field(min_length=1, max_length=100, description="Where it was tried.")
    results: list[TriedNew] = Field(min_length=1, max_length=20)


class WaiverNew(Body):
    patch: Thing = Field(description="Id or key of the patch.")
    segment: Thing
    reason: Why
    expires_at: Instant


class TestAsked(Answer):
    case: str
    criterion: str


class TestPlan(Answer):
    """What a segment asks to be passed, on record, before a patch goes there."""

    segment: str
    ring: int
    cases: list[TestAsked]


class TestPlans(Answer):
    plans: list[TestPlan]


class TestResult(TestAsked):
    """`criterion` is that of the policy when it was tried."""

    passed: bool
    note: str


class TestRecord(Answer):
    """`passed`: each case in it; the policy may ask for more."""

    test_record_id: UUID
    patch_key: str
    segment: str
    devices: list[str]
    results: list[TestResult]
    passed: bool
    recorded_at: datetime
    recorded_by: str


class TestWaiver(Answer):
    """`confirmed_by` null: the second person is missing, so it does not count."""

    test_waiver_id: UUID
    patch_key: str
    segment: str
    reason: str
    expires_at: datetime
    asked_at: datetime
    asked_by: str
    confirmed_at: datetime | None
    confirmed_by: str | None


@router.get("/tenants/{tenant}/test-plans")
async def list_test_plans(ask: Annotated[Ask, in_tenant(P.POLICY_READ)]) -> TestPlans:
    """The segments that ask for tests, with their cases, by the policy in force."""
    return TestPlans.model_validate({"plans": await testing.show_plan(ask.who, ask.tenant_id)})


@router.get("/tenants/{tenant}/test-records")
async def list_test_records(
    ask: Annotated[Ask, in_tenant(P.PATCHES_READ)],
    paging: Paged,
    patch: Annotated[str, Query(max_length=400, description="Id or key of a patch; empty: every one.")] = "",
) -> Page[TestRecord]:
    """What was tried, newest first."""
    (before,) = paging.after(UUID) or (None,)
    rows = await testing.list_records(ask.who, ask.tenant_id, patch, before, paging.count)
    return paging.page(TestRecord, rows, "test_record_id")


@router.post("/tenants/{tenant}/test-records", status_code=201)
async def record_test(
    body: RecordNew, ask: Annotated[Ask, in_tenant(P.TESTS_RECORD)], response: Response
) -> TestRecord:
    """Put on record what was tried of a patch for a segment. Trying again adds a record: the latest word counts."""
    tried = [testing.Tried(each.case, each.passed, each.note) for each in body.results]

    async def do() -> Any:
        return await testing.record(ask.who, ask.tenant_id, body.patch, body.segment, body.devices, tried)

    return await once(ask.who, response, TestRecord, do)


@router.get("/tenants/{tenant}/test-records/{record_id}")
async def show_test_record(record_id: UUID, ask: Annotated[Ask, in_tenant(P.PATCHES_READ)]) -> TestRecord:
    """One record with its cases."""
    return TestRecord.model_validate(await testing.show_record(ask.who, ask.tenant_id, record_id))


@router.get("/tenants/{tenant}/test-waivers")
async def list_test_waivers(ask: Annotated[Ask, in_tenant(P.PATCHES_READ)], paging: Paged) -> Page[TestWaiver]:
    """What was or is to be let go without its tests, newest first."""
    (before,) = paging.after(UUID) or (None,)
    return paging.page(
        TestWaiver, await testing.list_waivers(ask.who, ask.tenant_id, before, paging.count), "test_waiver_id"
    )


@router.post("/tenants/{tenant}/test-waivers", status_code=201)
async def waive_tests(body: WaiverNew, ask: Annotated[Ask, in_tenant(P.TESTS_WAIVE)], response: Response) -> TestWaiver:
    """Ask that a patch goes to a segment without its tests. It counts once another person has confirmed it."""

    async def do() -> Any:
        return await testing.waive(ask.who, ask.tenant_id, body.patch, body.segment, body.reason, body.expires_at)

    return await once(ask.who, response, TestWaiver, do)


@router.post("/tenants/{tenant}/test-waivers/{waiver_id}/confirm")
async def confirm_test_waiver(
    waiver_id: UUID, ask: Annotated[Ask, in_tenant(P.TESTS_WAIVE)], response: Response
) -> TestWaiver:
    """Be the second person."""

    async def do() -> Any:
        return await testing.confirm_waiver(ask.who, ask.tenant_id, waiver_id)

    return await once(ask.who, response, TestWaiver, do)
