"""A tenant's keys and documents for tests: really signed, as operator and signer would do it."""

from __future__ import annotations

from dataclasses import replace

from patchring.wire.authority import Grant, Permit, PolicyStatement, Root, plan_digest
from patchring.wire.canonical import digest
from patchring.wire.codec import encode
from patchring.wire.messages import PermitAnswer, PermitRequest
from patchring.wire.signing import SignedDocument, SigningKey, fingerprint

TENANT = "0198f000-0000-7000-8000-000000000001"
DEVICE = "0198f000-0000-7000-8000-0000000000d1"
FAR_MS = 4_102_444_800_000


class Authority:
    """One tenant: a root, a policy that lets `lab` packages in, and a permit key."""

    def __init__(self, seed: int = 1) -> None:
        self.root_key = SigningKey.from_seed(bytes([seed]) * 32)
        self.approver = SigningKey.from_seed(bytes([seed + 1]) * 32)
        self.permit_key = SigningKey.from_seed(bytes([seed + 2]) * 32)
        self.pinned = fingerprint(self.root_key.public)
        keys = ([self.root_key.public], 1, [self.approver.public], 1, [self.permit_key.public])
        self.root = Root("root", TENANT, 1, *keys, FAR_MS)
        everything = Grant("lab", ["install", "reboot"], "apt", ["*"], ["Lab"], ["*"], ["*"])
        back = Grant("remedy", ["downgrade"], "apt", ["*"], ["kept"], ["*"], ["*"])
        self.policy = PolicyStatement(
            "policy", TENANT, "0198f000-0000-7000-8000-0000000000a1", 7, "f" * 64, [everything, back], 0, FAR_MS
        )

    def root_document(self) -> SignedDocument:
        return self.root_key.sign_document(encode(self.root))

    def policy_document(self) -> SignedDocument:
        return self.approver.sign_document(encode(self.policy))

    def permit_for(self, request: PermitRequest, permit_id: str = "permit-1", lifetime_s: int = 60) -> Permit:
        return Permit(
            "permit",
            permit_id,
            request.tenant_id,
            request.device_id,
            request.action_id,
            request.action,
            plan_digest(request.plan),
            digest(encode(self.policy)),
            self.policy.fingerprint,
            request.nonce,
            request.made_at_ms,
            lifetime_s,
        )

    def answer(self, request: PermitRequest, permit_id: str = "permit-1", lifetime_s: int = 60) -> PermitAnswer:
        permit = self.permit_for(request, permit_id, lifetime_s)
        signed = self.permit_key.sign_document(encode(permit))
        return PermitAnswer(signed, [self.root_document(), self.policy_document()])

    def with_policy_version(self, version: int) -> Authority:
        other = Authority.__new__(Authority)
        other.__dict__.update(self.__dict__)
        other.policy = replace(self.policy, version=version)
        return other
