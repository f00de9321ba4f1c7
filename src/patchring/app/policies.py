"""Policy versions: uploaded as text with the statement that the tenant's approval key signed on somebody's machine.

The server checks what it is given (signature, fingerprint, grants, number) so that nobody finds out at the first permit
that something does not fit; but it is the signer and the device whose checks count.
"""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, Invalid, NotFound
from patchring.app.permits.authorities import milliseconds
from patchring.app.work import Work
from patchring.core.ids import TenantId
from patchring.core.policy.grants import grants
from patchring.core.policy.model import Policy
from patchring.policyfile import PolicyInvalid, fingerprint, load
from patchring.store import sql
from patchring.store.transaction import Row
from patchring.wire.authority import Grant, PolicyStatement, Root, authority_counts, read
from patchring.wire.codec import Refused, decode, encode
from patchring.wire.signing import SignedDocument


def check_policy(text: str, source: str = "policy") -> Policy:
    """The policy of a text. Raises Invalid with every problem and its line."""
    try:
        return load(text, source)
    except PolicyInvalid as invalid:
        problems = [{"line": p.line, "path": p.path, "text": p.text} for p in invalid.problems]
        raise Invalid(str(invalid), kind="policy_invalid", problems=problems) from invalid


def wire_grants(policy: Policy) -> list[Grant]:
    """What a statement of this policy has to grant: exactly what its text allows by rule."""
    return [
        Grant(g.rule, list(g.actions), g.provider, list(g.names), list(g.origins), list(g.labels), list(g.suites))
        for g in grants(policy)
    ]


async def apply_policy(caller: Caller, tenant_id: TenantId, text: str, signed: dict[str, Any]) -> Row:
    """Put a signed version in force. Raises Invalid for what does not fit, Conflict for a number that is taken."""
    policy = check_policy(text)
    async with caller.work(tenant_id) as work:
        statement, document = await _checked(work, policy, text, signed)
        row = {
            "tenant_id": tenant_id,
            "policy_version_id": UUID(statement.policy_version_id),
            "version": statement.version,
            "fingerprint": statement.fingerprint,
            "at": work.now,
            "by": caller.actor,
        }
        written = {**row, "text": text, "statement": Jsonb(encode(document))}
        if await work.tx.execute(sql.policies.add, written) != 1:
            detail = f"policy version {statement.version} is there already; sign the next number"
            raise Conflict(detail, kind="policy_version_taken")
        data = {"version": statement.version, "title": policy.title, "automation": policy.automation.value}
        work.record("policy_applied", "policy_version", statement.policy_version_id, data, statement.fingerprint)
        await look_again(work)
        return {**row, "created_at": work.now, "created_by": caller.actor}


async def look_again(work: Work) -> None:
    """What was decided before may be decided differently now."""
    own = {"tenant_id": work.tenant_id}
    for row in await work.tx.all(sql.policies.patches_to_look_at, own):
        work.wake("patch", row["patch_id"])
    for row in await work.tx.all(sql.policies.live_rollouts, own):
        work.wake("rollout", row["rollout_id"])


async def _checked(
    work: Work, policy: Policy, text: str, signed: dict[str, Any]
) -> tuple[PolicyStatement, SignedDocument]:
    root = await tenant_root(work)
    try:
        document = decode(SignedDocument, signed)
    except Refused as refused:
        raise Invalid(f"the statement is not a signed document: {refused}", kind="statement_malformed") from refused
    statement = read(PolicyStatement, document, "policy")
    if statement is None or not authority_counts(document, root, milliseconds(work.now)):
        detail = (
            "the statement is not signed by this tenant's approval keys, or has expired; sign it with `policy apply`"
        )
        raise Invalid(detail, kind="statement_not_signed")
    if statement.fingerprint != fingerprint(text):
        raise Invalid("the statement was signed for another text", kind="fingerprint_differs")
    if statement.grants != wire_grants(policy):
        detail = "the statement does not grant exactly what the text allows by rule; sign it with this version's tool"
        raise Invalid(detail, kind="grants_differ")
    newest = await work.tx.maybe(sql.policies.version, {"tenant_id": work.tenant_id, "version": None})
    expected = newest["version"] + 1 if newest else 1
    if statement.version != expected:
        detail = f"expected policy version {expected}, got {statement.version}; somebody applied one in between"
        raise Conflict(detail, kind="policy_version_taken", expected=expected)
    return statement, document


async def tenant_root(work: Work) -> Root:
    """The root in force of the tenant of this work."""
    rows = await work.tx.all(sql.tenants.roots, {"tenant_id": work.tenant_id})
    root = read(Root, decode(SignedDocument, rows[-1]["document"]), "root") if rows else None
    if root is None:
        raise NotFound("the tenant has no root", kind="root_not_found")
    return root


async def show_policy(caller: Caller, tenant_id: TenantId, version: int | None) -> Row:
    """A version with its text; None: the one in force. Raises NotFound."""
    async with caller.reading(tenant_id) as tx:
        row = await tx.maybe(sql.policies.version, {"tenant_id": tenant_id, "version": version})
    if row is None:
        which = f"policy version {version}" if version else "policy"
        raise NotFound(f"the tenant has no {which}; sign one with `patchring policy apply`", kind="policy_not_found")
    return row


async def list_versions(caller: Caller, tenant_id: TenantId, limit: int) -> list[Row]:
    async with caller.reading(tenant_id) as tx:
        return await tx.all(sql.policies.versions, {"tenant_id": tenant_id, "limit": limit})
