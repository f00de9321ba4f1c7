"""Who may allow what: the documents of the chain root -> policy or approval -> permit, and how it is checked.

This file is the law; agent and signer run the same functions.

1. A root names the keys of a tenant for each purpose and how many of them must sign. A root counts when the keys of
   the pinned root (or of the root before it) signed it. Root versions only rise.
2. A policy version or an approval counts when enough approval keys of the root signed it, it is of this tenant, and
   it has not expired. Policy versions only rise.
3. A permit counts when a permit key of the root signed it, and tenant, device, action, plan digest and the device's
   own nonce are those of the request. Its lifetime is counted by the device from the moment it sent the request.
4. Every change of the plan must be authorised: by a grant of the policy version on facts that the device sees itself
   (provider, origin, label, suite, name), or by naming package and version in the approval. A removal never is.
5. What cannot be read does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional, TypeVar

from patchring.wire.canonical import digest
from patchring.wire.codec import Refused, decode, encode
from patchring.wire.messages import Change, PermitRequest, Plan, Reason
from patchring.wire.signing import SignedDocument, fingerprint, signers

PERMIT_LIFETIME_S = 60
KEPT = "kept"

D = TypeVar("D")


@dataclass(frozen=True)
class Root:
    """The keys of one tenant by purpose, as public keys in hexadecimal."""

    kind: str
    tenant_id: str
    version: int
    root_keys: list[str]
    root_threshold: int
    approval_keys: list[str]
    approval_threshold: int
    permit_keys: list[str]
    expires_at_ms: int


@dataclass(frozen=True)
class Grant:
    """What a policy version allows by rule. The lists hold shell-style patterns; an empty list matches nothing.

    `actions` are install, downgrade, reboot. For a downgrade the origin is `kept`: the device's own copy.
    """

    rule: str
    actions: list[str]
    provider: str
    names: list[str]
    origins: list[str]
    labels: list[str]
    suites: list[str]


@dataclass(frozen=True)
class PolicyStatement:
    """A policy version, signed: the fingerprint of its text and what it allows by itself."""

    kind: str
    tenant_id: str
    policy_version_id: str
    version: int
    fingerprint: str
    grants: list[Grant]
    issued_at_ms: int
    expires_at_ms: int


@dataclass(frozen=True)
class ApprovedPackage:
    """One package at one version, by exact name."""

    provider: str
    name: str
    version: str


@dataclass(frozen=True)
class ApprovalStatement:
    """What a person approved: these packages at these versions for these segments (empty: all) of one tenant."""

    kind: str
    tenant_id: str
    approval_id: str
    actions: list[str]
    packages: list[ApprovedPackage]
    segments: list[str]
    policy_fingerprint: str
    reason: str
    issued_at_ms: int
    expires_at_ms: int


@dataclass(frozen=True)
class Permit:
    """One action on one device, now. `authority` is the digest of the payload of the policy or approval behind it."""

    kind: str
    permit_id: str
    tenant_id: str
    device_id: str
    action_id: str
    action: str
    plan_digest: str
    authority: str
    policy_fingerprint: str
    nonce: str
    issued_at_ms: int
    lifetime_s: int
    blackout_rule: str = ""


@dataclass(frozen=True)
class Verification:
    """`permit` is None when it does not count; `reasons` then say why. Both roots and policies only rise, so the
    agent keeps the versions it has seen."""

    permit: Optional[Permit]
    root_version: int = 0
    policy_version: int = 0
    reasons: list[Reason] = field(default_factory=list)


def plan_digest(plan: Plan) -> str:
    return digest(encode(plan))


def read(shape: type[D], document: SignedDocument, kind: str) -> Optional[D]:
    """The payload as `shape`, or None when it is another kind or not well formed."""
    if document.payload.get("kind") != kind:
        return None
    try:
        return decode(shape, document.payload)
    except Refused:
        return None


def root_counts(
    document: SignedDocument, tenant_id: str, pinned: str, before: Optional[Root], now_ms: int
) -> Optional[Root]:
    """The root if it counts: signed by the pinned key (its fingerprint) or by enough keys of the root before it."""
    root = read(Root, document, "root")
    if root is None or root.tenant_id != tenant_id or root.expires_at_ms <= now_ms:
        return None
    if before is not None:
        if root.version < before.version:
            return None
        if root.version == before.version:
            return root if root == before else None
        if len(signers(document, before.root_keys)) < before.root_threshold:
            return None
        return root
    if pinned not in [fingerprint(key) for key in signers(document, root.root_keys)]:
        return None
    return root if len(signers(document, root.root_keys)) >= root.root_threshold else None


def authority_counts(document: SignedDocument, root: Root, now_ms: int) -> bool:
    """Whether enough approval keys signed a policy version or approval of this tenant that is still in force."""
    payload = document.payload
    if payload.get("tenant_id") != root.tenant_id:
        return False
    expires = payload.get("expires_at_ms")
    if not isinstance(expires, int) or expires <= now_ms:
        return False
    return root.approval_threshold >= 1 and len(signers(document, root.approval_keys)) >= root.approval_threshold


def unauthorised(document: SignedDocument, action: str, plan: Plan) -> list[Reason]:
    """Why this authority does not cover the plan; empty when it covers every change of it."""
    if action == "reboot" and not plan.changes:
        return [] if _reboot_allowed(document) else [_reason("reboot_not_granted", "no rule allows a reboot")]
    if not plan.changes:
        return [_reason("plan_empty", "the plan changes nothing")]
    found: list[Reason] = []
    for change in plan.changes:
        if not change.to_version:
            found.append(_reason("plan_removes", f"the plan removes {change.package} {change.from_version}"))
        elif not _change_allowed(document, action, plan.provider, change):
            text = f"nothing signed allows to {action} {change.package} {change.to_version} from {change.origin}"
            found.append(_reason("change_not_authorised", text))
    return found


def _reboot_allowed(document: SignedDocument) -> bool:
    statement = read(PolicyStatement, document, "policy")
    if statement is not None:
        return any("reboot" in grant.actions for grant in statement.grants)
    approval = read(ApprovalStatement, document, "approval")
    return approval is not None and "reboot" in approval.actions


def _change_allowed(document: SignedDocument, action: str, provider: str, change: Change) -> bool:
    statement = read(PolicyStatement, document, "policy")
    if statement is not None:
        return any(_grant_covers(grant, action, provider, change) for grant in statement.grants)
    approval = read(ApprovalStatement, document, "approval")
    if approval is None or action not in approval.actions:
        return False
    wanted = (provider, change.package, change.to_version)
    return any((p.provider, p.name, p.version) == wanted for p in approval.packages)


def _grant_covers(grant: Grant, action: str, provider: str, change: Change) -> bool:
    return (
        action in grant.actions
        and grant.provider == provider
        and _matches(grant.names, change.package)
        and _matches(grant.origins, change.origin)
        and _matches(grant.labels, change.label)
        and _matches(grant.suites, change.suite)
    )


def _matches(patterns: Sequence[str], value: str) -> bool:
    return any(_has_form(pattern, value) for pattern in patterns)


def _has_form(pattern: str, value: str) -> bool:
    """`*` is any characters, `?` one; nothing else is wild. The same reading as the server's rules have, and never
    longer than the product of both lengths."""
    at, place, star, mark = 0, 0, -1, 0
    while at < len(value):
        if place < len(pattern) and pattern[place] == "*":
            star, mark, place = place, at, place + 1
        elif place < len(pattern) and pattern[place] in ("?", value[at]):
            at, place = at + 1, place + 1
        elif star >= 0:
            mark += 1
            at, place = mark, star + 1
        else:
            return False
    return not pattern[place:].strip("*")


def verify_permit(
    permit: SignedDocument,
    chain: Sequence[SignedDocument],
    request: PermitRequest,
    pinned_root: str,
    root_before: Optional[Root],
    policy_version_before: int,
    now_ms: int,
) -> Verification:
    """Walk the chain of an answer to `request`. `now_ms` is the device's clock, used for expiries of long-lived
    documents only; the permit's own lifetime is counted on the boot clock by the caller."""
    if len(chain) != 2:
        return _no("chain_incomplete", f"expected root and authority, got {len(chain)} documents")
    root = root_counts(chain[0], request.tenant_id, pinned_root, root_before, now_ms)
    if root is None:
        return _no("root_not_trusted", "the root is not signed by the keys this device knows, is older, or expired")
    authority = chain[1]
    if not authority_counts(authority, root, now_ms):
        return _no("authority_not_signed", "policy version or approval is not signed by the tenant's approval keys")
    statement = read(PolicyStatement, authority, "policy")
    if statement is not None and statement.version < policy_version_before:
        text = f"policy version {statement.version} is older than {policy_version_before}, which was seen before"
        return _no("policy_older", text)
    read_permit = read(Permit, permit, "permit")
    if read_permit is None or not signers(permit, root.permit_keys):
        return _no("permit_not_signed", "the permit is not signed by a permit key of the tenant's root")
    mismatch = _mismatch(read_permit, request, authority)
    if mismatch:
        return _no("permit_for_something_else", f"the permit does not match the request in {mismatch}")
    reasons = unauthorised(authority, request.action, request.plan)
    if reasons:
        return Verification(None, reasons=reasons)
    seen = statement.version if statement is not None else policy_version_before
    return Verification(read_permit, root.version, seen)


def _mismatch(permit: Permit, request: PermitRequest, authority: SignedDocument) -> str:
    pairs = {
        "tenant_id": (permit.tenant_id, request.tenant_id),
        "device_id": (permit.device_id, request.device_id),
        "action_id": (permit.action_id, request.action_id),
        "action": (permit.action, request.action),
        "nonce": (permit.nonce, request.nonce),
        "plan_digest": (permit.plan_digest, plan_digest(request.plan)),
        "authority": (permit.authority, digest(authority.payload)),
    }
    wrong = [name for name, (got, expected) in pairs.items() if got != expected]
    if not 0 < permit.lifetime_s <= PERMIT_LIFETIME_S:
        wrong.append("lifetime_s")
    return ", ".join(wrong)


def _reason(code: str, text: str) -> Reason:
    return Reason(code, text)


def _no(code: str, text: str) -> Verification:
    return Verification(None, reasons=[Reason(code, text)])
