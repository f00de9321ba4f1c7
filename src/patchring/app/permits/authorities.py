"""What the tenant's people signed, checked from the signatures up: root, policy version, approvals.

The signer trusts no row for what it says, only for what is signed in it: a policy text counts when its fingerprint is
the one in a statement that the tenant's approval keys signed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from patchring.core.devices import DeviceFacts, PatchFacts
from patchring.core.policy.asked import APPROVE, Said, Standing, counts, standing
from patchring.core.policy.decide import segment_of
from patchring.core.policy.model import Asked, Policy
from patchring.policyfile import fingerprint, load
from patchring.store import sql
from patchring.store.transaction import Tx
from patchring.wire.authority import ApprovalStatement, PolicyStatement, Root, authority_counts, read
from patchring.wire.canonical import digest
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


@dataclass(frozen=True)
class Approved:
    """What people said of a patch in a segment. `authority` is the newest signed approval among those that count; None
    until everything that was asked for is there."""

    authority: Authority | None
    standing: Standing


async def read_approval(
    tx: Tx, key: Mapping[str, object], patch: PatchFacts, segment: str, in_force: InForce, asked: Asked, now: datetime
) -> Approved:
    """Whether as many different persons as are asked for have signed, newest decision first; see core's `asked`. `key`
    names tenant_id and patch_id.

    One statement counts once, however many rows hold it: an approval that is not signed, or signed for something else,
    is nobody's.
    """
    rows = await tx.all(sql.permits.approvals_in_force, key) if in_force.root else []
    said: list[Said] = []
    signed: dict[str, Authority] = {}
    for row in rows:
        if row["segments"] and segment not in row["segments"]:
            continue
        word = Said(row["decision"], row["decided_by"], row["expires_at"])
        if row["decision"] == APPROVE:
            assert in_force.root is not None
            found = _approval(row, patch, segment, in_force.root, now)
            if found is None or digest(found.document.payload) in signed or not counts(asked, word, now):
                continue
            signed[digest(found.document.payload)] = found
        said.append(word)
    stands = standing(asked, said, now)
    return Approved(next(iter(signed.values()), None) if stands.approved else None, stands)


def _approval(row: dict[str, Any], patch: PatchFacts, segment: str, root: Root, now: datetime) -> Authority | None:
    if row["expires_at"] <= now:
        return None
    document = decode(SignedDocument, row["statement"])
    statement = read(ApprovalStatement, document, "approval")
    if statement is None or not authority_counts(document, root, milliseconds(now)):
        return None
    named = (patch.provider, patch.name, patch.version) in {(p.provider, p.name, p.version) for p in statement.packages}
    covers = not statement.segments or segment in statement.segments
    return Authority(document, statement) if covers and named else None


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
