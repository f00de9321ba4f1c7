"""Patches, decisions, approvals, holds."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from patchring.api.people.answers import Page
from patchring.api.people.door import Ask, VersionAsked, in_tenant, needs, once, with_version
from patchring.api.people.paging import Paged
from patchring.api.people.rollout_answers import (
    Approval,
    Decisions,
    DeviceMissing,
    Hold,
    Patch,
    PatchOfTenant,
    PatchShown,
)
from patchring.api.people.shapes import ApprovalNew, Because, HoldNew, RejectionNew
from patchring.app import patches
from patchring.app.caller import Caller
from patchring.app.permissions import Permission as P

router = APIRouter(tags=["patches"])
PatchName = Annotated[str, Query(min_length=1, max_length=400, description="Id or key of the patch.")]
Words = Annotated[str, Query(max_length=200, description="Part of title or key.")]


@router.get("/patches")
async def list_patches_across(
    who: Annotated[Caller, needs(P.PATCHES_READ)],
    paging: Paged,
    key: Annotated[str, Query(max_length=400, description="Only this patch.")] = "",
    words: Words = "",
) -> Page[PatchOfTenant]:
    """Patches over all tenants that you were given, by key: where each stands."""
    rows = await patches.list_across(who, paging.after(str, UUID), paging.count, key, words)
    return paging.page(PatchOfTenant, rows, "patch_key", "tenant_id")


@router.get("/tenants/{tenant}/patches")
async def list_patches(
    ask: Annotated[Ask, in_tenant(P.PATCHES_READ)],
    paging: Paged,
    missing: Annotated[bool, Query(description="Only those that a device misses.")] = True,
    security: bool | None = None,
    words: Words = "",
) -> Page[Patch]:
    """Patches that this tenant's devices reported, newest first."""
    (before,) = paging.after(UUID) or (None,)
    wanted: dict[str, Any] = {"missing": missing, "security": security, "words": words}
    rows = await patches.list_patches(ask.who, ask.tenant_id, before, paging.count, **wanted)
    return paging.page(Patch, rows, "patch_id")


@router.get("/tenants/{tenant}/patch")
async def show_patch(ask: Annotated[Ask, in_tenant(P.PATCHES_READ)], patch: PatchName, paging: Paged) -> PatchShown:
    """One patch, with the devices that miss it by name."""
    name, device_id = paging.after(str, UUID) or ("", UUID(int=0))
    shown = await patches.show_patch(ask.who, ask.tenant_id, patch, (name, device_id), paging.count)
    listed = paging.page(DeviceMissing, shown["devices"], "name", "device_id")
    return PatchShown.model_validate({**shown, "devices": listed})


@router.get("/tenants/{tenant}/decisions")
async def show_decisions(ask: Annotated[Ask, in_tenant(P.PATCHES_READ)], patch: PatchName) -> Decisions:
    """What the policy in force says of a patch in each segment, and which rules lost."""
    return Decisions.model_validate(await patches.show_decisions(ask.who, ask.tenant_id, patch))


@router.get("/tenants/{tenant}/approvals")
async def list_approvals(ask: Annotated[Ask, in_tenant(P.PATCHES_READ)], paging: Paged) -> Page[Approval]:
    """Approvals and rejections, newest first."""
    (before,) = paging.after(UUID) or (None,)
    rows = await patches.list_approvals(ask.who, ask.tenant_id, before, paging.count)
    return paging.page(Approval, rows, "approval_id")


@router.post("/tenants/{tenant}/approvals", status_code=201)
async def approve_patch(
    body: ApprovalNew, ask: Annotated[Ask, in_tenant(P.PATCHES_APPROVE)], response: Response
) -> Approval:
    """Hand in a signed approval. The command line signs it: `patchring approve`."""

    async def do() -> Any:
        return await patches.approve(ask.who, ask.tenant_id, body.patch, body.statement)

    return await once(ask.who, response, Approval, do)


@router.post("/tenants/{tenant}/rejections", status_code=201)
async def reject_patch(
    body: RejectionNew, ask: Annotated[Ask, in_tenant(P.PATCHES_APPROVE)], response: Response
) -> Approval:
    """Say no to a patch; a rollout of it is abandoned, nothing is taken back."""

    async def do() -> Any:
        return await patches.reject(ask.who, ask.tenant_id, body.patch, body.reason)

    return await once(ask.who, response, Approval, do)


@router.post("/tenants/{tenant}/approvals/{approval_id}/withdraw")
async def withdraw_approval(
    approval_id: UUID, body: Because, ask: Annotated[Ask, in_tenant(P.PATCHES_APPROVE)], response: Response
) -> Approval:
    """Take back an approval or a rejection; what was decided before it counts again."""

    async def do() -> Any:
        return await patches.withdraw(ask.who, ask.tenant_id, approval_id, body.reason)

    return await once(ask.who, response, Approval, do)


@router.get("/tenants/{tenant}/holds")
async def list_holds(
    ask: Annotated[Ask, in_tenant(P.PATCHES_READ)],
    paging: Paged,
    released: Annotated[bool, Query(description="Released ones too.")] = False,
) -> Page[Hold]:
    """Holds, newest first."""
    (before,) = paging.after(UUID) or (None,)
    rows = await patches.list_holds(ask.who, ask.tenant_id, before, paging.count, released)
    return paging.page(Hold, rows, "hold_id")


@router.post("/tenants/{tenant}/holds", status_code=201)
async def place_hold(body: HoldNew, ask: Annotated[Ask, in_tenant(P.HOLDS_WRITE)], response: Response) -> Hold:
    """Nothing of this patch begins in the tenant, or in one segment, until the hold is released."""

    async def do() -> Any:
        return await patches.hold(ask.who, ask.tenant_id, body.patch, body.segment, body.reason)

    return await once(ask.who, response, Hold, do)


@router.post("/tenants/{tenant}/holds/{hold_id}/release")
async def release_hold(
    hold_id: UUID,
    body: Because,
    ask: Annotated[Ask, in_tenant(P.HOLDS_WRITE)],
    row_version: VersionAsked,
    response: Response,
) -> Hold:
    """End a hold, with a reason."""

    async def do() -> Any:
        return await patches.release_hold(ask.who, ask.tenant_id, hold_id, body.reason, row_version)

    released = await once(ask.who, response, Hold, do)
    with_version(response, released.row_version)
    return released
