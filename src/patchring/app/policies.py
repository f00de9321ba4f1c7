"""Policy versions: uploaded as text with the statement that the tenant's approval key signed on somebody's machine.

The server checks what it is given (signature, fingerprint, grants, number) so that nobody finds out at the first permit
that something does not fit; but it is the signer and the device whose checks count.
"""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, Invalid, NotFound
from patchring.app.roots import root_in_force
from patchring.app.statements import expiry, signed_statement, statement_id
from patchring.app.work import Work
from patchring.core.ids import TenantId
from patchring.core.policy.grants import grants
from patchring.core.policy.model import Policy
from patchring.policyfile import PolicyInvalid, fingerprint, load
from patchring.store import sql
from patchring.store.transaction import Row
from patchring.wire.authority import Grant, PolicyStatement
from patchring.wire.codec import encode

PROBLEMS_MAX = 100


def check_policy(text: str, source: str = "policy") -> Policy:
    """The policy of a text. Raises Invalid with every problem and its line."""
    try:
        return load(text, source)
    except PolicyInvalid as invalid:
        problems = [{"line": p.line, "path": p.path, "text": p.text} for p in invalid.problems]
        first = invalid.problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        detail = f"{source}, line {first.line}: {first.path}: {first.text}{more}"
        raise Invalid(detail, kind="policy_invalid", problems=problems[:PROBLEMS_MAX]) from invalid


def wire_grants(policy: Policy) -> list[Grant]:
    """What a statement of this policy has to grant: exactly what its text allows by rule."""
    return [
        Grant(g.rule, list(g.actions), g.provider, list(g.names), list(g.origins), list(g.labels), list(g.suites))
        for g in grants(policy)
    ]


async def apply_policy(caller: Caller, tenant_id: TenantId, text: str, signed: dict[str, Any]) -> Row:
    """Put a signed version in force.

    Raises Invalid (policy_invalid, statement_malformed, statement_not_signed, statement_too_long, fingerprint_differs,
    grants_differ), Conflict (policy_version_taken, with the number that is `expected`).
    """
    policy = check_policy(text)
    async with caller.work(tenant_id) as work:
        root = await root_in_force(work.tx, tenant_id)
        statement, document = signed_statement(PolicyStatement, signed, "policy", root, work.now)
        expiry(statement.expires_at_ms, work.now)
        _require_fit(statement, policy, text)
        await _require_next(work, statement.version)
        row = {
            "tenant_id": tenant_id,
            "policy_version_id": statement_id(statement.policy_version_id, "policy_version_id"),
            "version": statement.version,
            "fingerprint": statement.fingerprint,
            "at": work.now,
            "by": caller.actor,
        }
        written = {**row, "text": text, "statement": Jsonb(encode(document))}
        if await work.tx.execute(sql.policies.add, written) != 1:
            raise _version_taken(statement.version, statement.version + 1)
        data = {"version": statement.version, "title": policy.title, "automation": policy.automation.value}
        work.record("policy_applied", "policy_version", statement.policy_version_id, data, statement.fingerprint)
        await look_again(work)
        work.wake("catalogue", tenant_id)  # another table of due dates may hold
        return {**row, "created_at": work.now, "created_by": caller.actor}


async def look_again(work: Work, device_id: UUID | None = None) -> None:
    """What was decided before may be decided differently now: for all that one device (None: any) misses."""
    own = {"tenant_id": work.tenant_id}
    await work.tx.execute(sql.policies.wake_patches, {**own, "device_id": device_id, "at": work.now})
    for row in await work.tx.all(sql.policies.live_rollouts, own):
        work.wake("rollout", row["rollout_id"])


def _require_fit(statement: PolicyStatement, policy: Policy, text: str) -> None:
    """What was signed is this text, and grants what the text allows by rule: no more, no less."""
    if statement.fingerprint != fingerprint(text):
        detail = (
            f"the statement was signed for the text {statement.fingerprint[:12]}, this one is {fingerprint(text)[:12]}"
        )
        raise Invalid(detail, kind="fingerprint_differs")
    expected = wire_grants(policy)
    if statement.grants != expected:
        more = [grant.rule for grant in statement.grants if grant not in expected]
        less = [grant.rule for grant in expected if grant not in statement.grants]
        detail = (
            f"the statement grants {', '.join(more) or 'nothing'} beyond the text and leaves out "
            f"{', '.join(less) or 'nothing'}; sign it with the version of `patchring` that this server runs"
        )
        raise Invalid(detail, kind="grants_differ")


async def _require_next(work: Work, version: int) -> None:
    newest = await work.tx.maybe(sql.policies.version, {"tenant_id": work.tenant_id, "version": None})
    expected = newest["version"] + 1 if newest else 1
    if version != expected:
        raise _version_taken(version, expected)


def _version_taken(version: int, expected: int) -> Conflict:
    detail = f"expected policy version {expected}, got {version}; sign the text again with the next number"
    return Conflict(detail, kind="policy_version_taken", expected=expected)


async def show_policy(caller: Caller, tenant_id: TenantId, version: int | None) -> Row:
    """A version with its text; None: the one in force. Raises NotFound."""
    async with caller.reading(tenant_id) as tx:
        row = await tx.maybe(sql.policies.version, {"tenant_id": tenant_id, "version": version})
    if row is None:
        which = f"policy version {version}" if version else "policy"
        raise NotFound(f"the tenant has no {which}; sign one with `patchring policy apply`", kind="policy_not_found")
    return row


async def list_versions(caller: Caller, tenant_id: TenantId, before: int | None, limit: int) -> list[Row]:
    """Newest first, before a number."""
    async with caller.reading(tenant_id) as tx:
        return await tx.all(sql.policies.versions, {"tenant_id": tenant_id, "before": before, "limit": limit})
