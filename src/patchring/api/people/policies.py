"""Policy versions: check a text, put a signed one in force, read them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from patchring.api.people.door import Ask, Limit, in_tenant, needs, once
from patchring.api.people.shapes import PolicyNew, PolicyText
from patchring.app import policies
from patchring.app.caller import Caller
from patchring.app.permissions import Permission as P
from patchring.policyfile import fingerprint, json_schema
from patchring.wire.codec import encode

router = APIRouter(tags=["policy"])


@router.get("/policy-schema")
async def schema(_: Annotated[Caller, needs(P.POLICY_READ)]) -> dict[str, Any]:
    """The JSON Schema of policy texts, for editors."""
    return json_schema()


@router.post("/policy-check")
async def check(body: PolicyText, _: Annotated[Caller, needs(P.POLICY_READ)]) -> dict[str, Any]:
    """Read a text and say what it would allow by rule; problems come with their lines. Nothing is kept."""
    policy = policies.check_policy(body.text)
    granted = [encode(grant) for grant in policies.wire_grants(policy)]
    segments = [{"name": s.name, "ring": s.ring, "window": s.window, "line": s.line} for s in policy.segments]
    return {
        "title": policy.title,
        "automation": policy.automation,
        "fingerprint": fingerprint(body.text),
        "rings": [ring.name for ring in policy.rings],
        "segments": segments,
        "grants": granted,
    }


@router.get("/tenants/{tenant}/policy")
async def show(
    ask: Annotated[Ask, in_tenant(P.POLICY_READ)], version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> JSONResponse:
    """The version in force, or the one asked for, with its text and what was signed."""
    return JSONResponse(jsonable_encoder(await policies.show_policy(ask.who, ask.tenant_id, version)))


@router.get("/tenants/{tenant}/policy/versions")
async def versions(ask: Annotated[Ask, in_tenant(P.POLICY_READ)], limit: Limit = 100) -> dict[str, Any]:
    """Newest first."""
    return {"items": await policies.list_versions(ask.who, ask.tenant_id, limit), "next": None}


@router.post("/tenants/{tenant}/policy", status_code=201)
async def apply(body: PolicyNew, ask: Annotated[Ask, in_tenant(P.POLICY_APPLY)]) -> JSONResponse:
    """Put a signed version in force. The command line signs it: `patchring policy apply`."""

    async def do() -> Any:
        return await policies.apply_policy(ask.who, ask.tenant_id, body.text, body.statement)

    return await once(ask.who, 201, do)
