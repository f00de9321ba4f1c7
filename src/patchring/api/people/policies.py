"""Policy versions: check a text, put a signed one in force, read them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from patchring.api.people.answers import Grant, Page, PolicyRead, PolicyShown, PolicyVersion, SegmentRule
from patchring.api.people.door import Ask, in_tenant, needs, once
from patchring.api.people.paging import NUMBER_MAX, Paged
from patchring.api.people.shapes import PolicyNew, PolicyText
from patchring.app import policies
from patchring.app.caller import Caller
from patchring.app.permissions import Permission as P
from patchring.policyfile import fingerprint, json_schema
from patchring.wire.codec import encode

router = APIRouter(tags=["policy"])


@router.get("/policy-schema")
async def show_policy_schema(_: Annotated[Caller, needs(P.POLICY_READ)]) -> dict[str, Any]:
    """The JSON Schema of policy texts, for editors."""
    return json_schema()


@router.post("/policy-check")
async def check_policy(body: PolicyText, _: Annotated[Caller, needs(P.POLICY_READ)]) -> PolicyRead:
    """Read a text and say what it would allow by rule; problems come with their lines. Nothing is kept."""
    policy = policies.check_policy(body.text)
    return PolicyRead(
        title=policy.title,
        automation=policy.automation,
        fingerprint=fingerprint(body.text),
        rings=[ring.name for ring in policy.rings],
        segments=[SegmentRule(name=s.name, ring=s.ring, window=s.window, line=s.line) for s in policy.segments],
        grants=[Grant.model_validate(encode(grant)) for grant in policies.wire_grants(policy)],
    )


@router.get("/tenants/{tenant}/policy")
async def show_policy(
    ask: Annotated[Ask, in_tenant(P.POLICY_READ)],
    version: Annotated[int | None, Query(ge=1, le=NUMBER_MAX, description="Not the one in force: this one.")] = None,
) -> PolicyShown:
    """The version in force, or the one asked for, with its text and what was signed."""
    return PolicyShown.model_validate(await policies.show_policy(ask.who, ask.tenant_id, version))


@router.get("/tenants/{tenant}/policy/versions")
async def list_policy_versions(ask: Annotated[Ask, in_tenant(P.POLICY_READ)], paging: Paged) -> Page[PolicyVersion]:
    """The versions of the policy, newest first."""
    (before,) = paging.after(int) or (None,)
    rows = await policies.list_versions(ask.who, ask.tenant_id, before, paging.count)
    return paging.page(PolicyVersion, rows, "version")


@router.post("/tenants/{tenant}/policy", status_code=201)
async def apply_policy(
    body: PolicyNew, ask: Annotated[Ask, in_tenant(P.POLICY_APPLY)], response: Response
) -> PolicyVersion:
    """Put a signed version in force. The command line signs it: `patchring policy apply`."""

    async def do() -> Any:
        return await policies.apply_policy(ask.who, ask.tenant_id, body.text, body.statement)

    return await once(ask.who, response, PolicyVersion, do)
