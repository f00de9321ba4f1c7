"""The keys that stay on the operator's machine: a root key and an approval key for each tenant, and what they sign.

One folder (`PATCHRING_KEYS`, default ~/.config/patchring/keys), one sub-folder for each tenant by short name, files of
mode 0600. The server never sees them: it is handed signed documents.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from patchring.cli.configuration import keys_folder
from patchring.cli.errors import KeysMissing
from patchring.core.policy.grants import grants
from patchring.wire.authority import ApprovalStatement, ApprovedPackage, Grant, PolicyStatement, Root
from patchring.wire.codec import encode
from patchring.wire.signing import SigningKey

ROOT_LIFETIME = timedelta(days=3650)
POLICY_LIFETIME = timedelta(days=400)
APPROVAL_LIFETIME = timedelta(days=90)


class TenantKeys:
    """The two keys of one tenant."""

    def __init__(self, root: SigningKey, approval: SigningKey) -> None:
        self.root = root
        self.approval = approval

    def sign_root(self, tenant_id: UUID, permit_key: str, now: datetime, version: int = 1) -> dict[str, Any]:
        """A root that names these keys and the signer's permit key, signed by the root key."""
        root = Root(
            kind="root",
            tenant_id=str(tenant_id),
            version=version,
            root_keys=[self.root.public],
            root_threshold=1,
            approval_keys=[self.approval.public],
            approval_threshold=1,
            permit_keys=[permit_key],
            expires_at_ms=_milliseconds(now + ROOT_LIFETIME),
        )
        return _plain(self.root, root)

    def sign_policy(
        self, tenant_id: UUID, policy_version_id: UUID, version: int, text: str, now: datetime
    ) -> dict[str, Any]:
        """A policy version: the fingerprint of its text and exactly what the text allows by rule."""
        from patchring.policyfile import fingerprint, load  # half of a command's start, and few commands sign

        allowed = [
            Grant(g.rule, list(g.actions), g.provider, list(g.names), list(g.origins), list(g.labels), list(g.suites))
            for g in grants(load(text))
        ]
        statement = PolicyStatement(
            kind="policy",
            tenant_id=str(tenant_id),
            policy_version_id=str(policy_version_id),
            version=version,
            fingerprint=fingerprint(text),
            grants=allowed,
            issued_at_ms=_milliseconds(now),
            expires_at_ms=_milliseconds(now + POLICY_LIFETIME),
        )
        return _plain(self.approval, statement)

    def sign_approval(
        self,
        tenant_id: UUID,
        approval_id: UUID,
        packages: list[ApprovedPackage],
        segments: list[str],
        policy_fingerprint: str,
        reason: str,
        now: datetime,
    ) -> dict[str, Any]:
        """An approval of exactly these packages at these versions."""
        statement = ApprovalStatement(
            kind="approval",
            tenant_id=str(tenant_id),
            approval_id=str(approval_id),
            actions=["install"],
            packages=packages,
            segments=segments,
            policy_fingerprint=policy_fingerprint,
            reason=reason,
            issued_at_ms=_milliseconds(now),
            expires_at_ms=_milliseconds(now + APPROVAL_LIFETIME),
        )
        return _plain(self.approval, statement)


def create_keys(slug: str, folder: Path | None = None) -> TenantKeys:
    """New keys of a tenant; those that are there already are taken as they are, so that a repeat makes nothing new."""
    place = (folder or keys_folder()) / slug
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("root.key", "approval.key"):
        if not (place / name).exists():
            _write(place / name, SigningKey.generate())
    return read_keys(slug, folder)


def tenants_with_keys(folder: Path | None = None) -> list[str]:
    """The short names of tenants whose keys are on this machine."""
    base = folder or keys_folder()
    return sorted(place.parent.name for place in base.glob("*/root.key")) if base.is_dir() else []


def read_keys(slug: str, folder: Path | None = None) -> TenantKeys:
    """The keys of a tenant on this machine. Raises KeysMissing."""
    place = (folder or keys_folder()) / slug
    try:
        return TenantKeys(_read(place / "root.key"), _read(place / "approval.key"))
    except (OSError, ValueError) as error:
        raise KeysMissing(slug, place) from error


def next_approval_key(slug: str, folder: Path | None = None) -> TenantKeys:
    """The tenant's keys with a new approval key, which lies beside the old one until it is adopted."""
    place = (folder or keys_folder()) / slug / "approval.next.key"
    if not place.exists():
        _write(place, SigningKey.generate())
    return TenantKeys(read_keys(slug, folder).root, _read(place))


def adopt_approval_key(slug: str, now: datetime, folder: Path | None = None) -> None:
    """The next approval key becomes the one that signs; the old one stays under a name with the instant."""
    place = (folder or keys_folder()) / slug
    (place / "approval.key").rename(place / f"approval.until-{now:%Y%m%dT%H%M%SZ}.key")
    (place / "approval.next.key").rename(place / "approval.key")


def _write(path: Path, key: SigningKey) -> None:
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.seed().hex() + "\n")
        file.flush()
        os.fsync(handle)
    draft.rename(path)


def _read(path: Path) -> SigningKey:
    return SigningKey.from_seed(bytes.fromhex(path.read_text(encoding="ascii").strip()))


def _plain(key: SigningKey, statement: Any) -> dict[str, Any]:
    signed: dict[str, Any] = encode(key.sign_document(encode(statement)))
    return signed


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
