"""Patches, approvals, holds."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from patchring.api.people.door import Ask, Cursor, IfMatch, Limit, after, in_tenant, once, page, version_of
from patchring.api.people.shapes import ApprovalNew, Because, HoldNew, RejectionNew
from patchring.app import patches
from patchring.app.permissions import Permission as P

router = APIRouter(tags=["patches"])
PatchName = Annotated[str, Query(min_length=1, max_length=400, description="Id or key of the patch.")]


@router.get("/tenants/{tenant}/patches")
async def list_patches(
    ask: Annotated[Ask, in_tenant(P.PATCHES_READ)],
    missing: Annotated[bool, Query(description="Only those that a device misses.")] = True,
    words: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Patches that this tenant's devices reported, newest first."""
    (before,) = after(cursor, UUID, start=[None])
    rows = await patches.list_patches(ask.who, ask.tenant_id, before, limit + 1, missing, words)
    return page(rows, limit, "patch_id")


@router.get("/tenants/{tenant}/patch")
async def show_patch(
    ask: Annotated[Ask, in_tenant(P.PATCHES_READ)], patch: PatchName, limit: Limit = 100, cursor: Cursor = ""
) -> dict[str, Any]:
    """One patch, with the devices that miss it."""
    (name,) = after(cursor, str, start=[""])
    shown = await patches.show_patch(ask.who, ask.tenant_id, patch, name, limit + 1)
    return {**shown, "devices": page(shown["devices"], limit, "name")}


@router.get("/tenants/{tenant}/approvals")
async def list_approvals(
    ask: Annotated[Ask, in_tenant(P.PATCHES_READ)], limit: Limit = 100, cursor: Cursor = ""
) -> dict[str, Any]:
    """Approvals and rejections, newest first."""
    (before,) = after(cursor, UUID, start=[None])
    return page(await patches.list_approvals(ask.who, ask.tenant_id, before, limit + 1), limit, "approval_id")


@router.post("/tenants/{tenant}/approvals", status_code=201)
async def approve(body: ApprovalNew, ask: Annotated[Ask, in_tenant(P.PATCHES_APPROVE)]) -> JSONResponse:
    """Hand in a signed approval. The command line signs it: `patchring approve`."""

    async def do() -> Any:
        return await patches.approve(ask.who, ask.tenant_id, body.patch, body.statement)

    return await once(ask.who, 201, do)


@router.post("/tenants/{tenant}/rejections", status_code=201)
async def reject(body: RejectionNew, ask: Annotated[Ask, in_tenant(P.PATCHES_APPROVE)]) -> JSONResponse:
    """Say no to a patch; a rollout of it is abandoned, nothing is taken back."""

    async def do() -> Any:
        return await patches.reject(ask.who, ask.tenant_id, body.patch, body.reason)

    return await once(ask.who, 201, do)


@router.get("/tenants/{tenant}/holds")
async def list_holds(
    ask: Annotated[Ask, in_tenant(P.PATCHES_READ)],
    released: Annotated[bool, Query(description="Released ones too.")] = False,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Holds, newest first."""
    (before,) = after(cursor, UUID, start=[None])
    rows = await patches.list_holds(ask.who, ask.tenant_id, before, limit + 1, released)
    return page(rows, limit, "hold_id")


@router.post("/tenants/{tenant}/holds", status_code=201)
async def hold(body: HoldNew, ask: Annotated[Ask, in_tenant(P.HOLDS_WRITE)]) -> JSONResponse:
    """Nothing of this patch begins in the tenant, or in one segment, until the hold is released."""

    async def do() -> Any:
        return await patches.hold(ask.who, ask.tenant_id, body.patch, body.segment, body.reason)

    return await once(ask.who, 201, do)


@router.post("/tenants/{tenant}/holds/{hold_id}/release")
async def release(
    hold_id: UUID, body: Because, ask: Annotated[Ask, in_tenant(P.HOLDS_WRITE)], if_match: IfMatch = None
) -> JSONResponse:
    """End a hold, with a reason."""

    async def do() -> Any:
        await patches.release_hold(ask.who, ask.tenant_id, hold_id, body.reason, version_of(if_match))
        return {"hold_id": hold_id, "state": "released"}

    return await once(ask.who, 200, do)
