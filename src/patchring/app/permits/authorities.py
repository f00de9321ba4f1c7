"""What the tenant's people signed, checked from the signatures up: root, policy version, approvals.

The signer trusts no row for what it says, only for what is signed in it: a policy text counts when its fingerprint is
the one in a statement that the tenant's approval keys signed.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from patchring.core.devices import DeviceFacts
from patchring.core.policy.decide import segment_of
from patchring.core.policy.model import Policy
from patchring.policyfile import fingerprint, load
from patchring.store import sql
from patchring.store.transaction import Tx
from patchring.wire.authority import ApprovalStatement, PolicyStatement, Root, authority_counts, read
from patchring.wire.codec import decode
from patchring.wire.signing import SignedDocument


@dataclass(frozen=True)
class Authority:
    """A signed policy version or approval; `statement` is its payload, understood."""

    document: SignedDocument
    statement: PolicyStatement | ApprovalStatement


@dataclass(frozen=True)
class InForce:
    """`policy` None: there is none, or what is there is not signed as it has to be; `trouble` then says which."""

    root_document: SignedDocument | None
    root: Root | None
    policy: Policy | None
    authority: Authority | None
    trouble: str = ""


async def read_policy(tx: Tx, tenant_id: object, now: datetime) -> InForce:
    """The policy version of the highest number, if everything about it is signed."""
    root_row = await tx.maybe(sql.permits.root_in_force, {"tenant_id": tenant_id})
    if root_row is None:
        return InForce(None, None, None, None, "the tenant has no root")
    root_document = decode(SignedDocument, root_row["document"])
    root = read(Root, root_document, "root")
    if root is None:
        return InForce(root_document, None, None, None, "the tenant's root cannot be read")
    row = await tx.maybe(sql.permits.policy_in_force, {"tenant_id": tenant_id})
    if row is None:
        return InForce(root_document, root, None, None, "the tenant has no policy")
    document = decode(SignedDocument, row["statement"])
    statement = read(PolicyStatement, document, "policy")
    if statement is None or not authority_counts(document, root, milliseconds(now)):
        return InForce(
            root_document, root, None, None, "the policy version is not signed by the tenant's keys, or expired"
        )
    if fingerprint(row["text"]) != statement.fingerprint:
        return InForce(root_document, root, None, None, "the policy's text is not the one that was signed")
    return InForce(root_document, root, _policy(row["text"]), Authority(document, statement))


async def read_approval(
    tx: Tx, tenant_id: object, patch_id: object, segment: str, in_force: InForce, now: datetime
) -> Authority | None:
    """The newest decision on a patch for a segment, if it is a signed approval that has not expired."""
    if in_force.root is None:
        return None
    for row in await tx.all(sql.permits.approvals_in_force, {"tenant_id": tenant_id, "patch_id": patch_id}):
        if row["segments"] and segment not in row["segments"]:
            continue
        return _approval(row, segment, in_force.root, now)
    return None


def _approval(row: dict[str, Any], segment: str, root: Root, now: datetime) -> Authority | None:
    if row["decision"] != "approve" or row["expires_at"] <= now:
        return None
    document = decode(SignedDocument, row["statement"])
    statement = read(ApprovalStatement, document, "approval")
    if statement is None or not authority_counts(document, root, milliseconds(now)):
        return None
    covers = not statement.segments or segment in statement.segments
    return Authority(document, statement) if covers else None


@lru_cache(maxsize=256)
def _policy(text: str) -> Policy:
    """Parsed once for each text; a Policy is a value."""
    return load(text)


def segment_name(policy: Policy, device: DeviceFacts) -> str:
    """The segment that the policy in force gives a device; empty when none takes it."""
    found = segment_of(policy, device).segment
    return found.name if found else ""


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
