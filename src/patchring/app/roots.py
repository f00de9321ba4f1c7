"""The tenant's chain of roots, as it is handed in: each is signed by the keys of the one before; versions only rise.

A root has to name the permit key of this installation's signer: with another one no permit would ever count.
"""

import re
from datetime import datetime
from typing import Any

from patchring.app.errors import Invalid, NotFound
from patchring.app.statements import expiry, signed_document
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.transaction import Tx
from patchring.wire.authority import Root, read
from patchring.wire.codec import decode
from patchring.wire.signing import SignedDocument, signers

KEYS_MAX = 20
_KEY = re.compile(r"[0-9a-f]{64}")


def checked_root(
    given: dict[str, Any], tenant_id: TenantId, before: Root | None, permit_key: str, now: datetime
) -> tuple[Root, SignedDocument]:
    """The root that follows `before` (None: the first, which signs itself).

    `permit_key` is the signer's public key; empty where it is not known, and then not asked for.
    Raises Invalid: statement_malformed, root_unfit, root_not_signed, statement_too_long.
    """
    document = signed_document(given, "root")
    root = read(Root, document, "root")
    if root is None:
        raise Invalid("the root's payload has not the fields of a root", kind="statement_malformed")
    for unfit in _unfit(root, tenant_id, before, permit_key, now):
        raise Invalid(f"the root does not fit: {unfit}", kind="root_unfit")
    expiry(root.expires_at_ms, now)
    asked = before or root
    count = len(signers(document, asked.root_keys))
    if count < asked.root_threshold:
        whose = "the root before it" if before else "its own root keys"
        detail = f"the root needs {asked.root_threshold} signatures of keys of {whose}, and has {count} that hold"
        raise Invalid(detail, kind="root_not_signed")
    return root, document


def _unfit(root: Root, tenant_id: TenantId, before: Root | None, permit_key: str, now: datetime) -> list[str]:
    version = before.version + 1 if before else 1
    purposes = {"root": root.root_keys, "approval": root.approval_keys, "permit": root.permit_keys}
    found = [
        f"expected 1 to {KEYS_MAX} different {purpose} keys of 64 hexadecimal digits"
        for purpose, keys in purposes.items()
        if not 0 < len(set(keys)) == len(keys) <= KEYS_MAX or not all(_KEY.fullmatch(key) for key in keys)
    ]
    if root.tenant_id != str(tenant_id):
        found.append(f"expected tenant {tenant_id}, got {root.tenant_id[:60]!r}")
    if root.version != version:
        found.append(f"expected version {version}, got {root.version}; versions rise by one")
    for purpose, threshold in (("root", root.root_threshold), ("approval", root.approval_threshold)):
        if not 1 <= threshold <= len(purposes[purpose]):
            found.append(f"a threshold of {threshold} cannot be met by {len(purposes[purpose])} {purpose} keys")
    if permit_key and permit_key not in root.permit_keys:
        found.append(f"it does not name this server's permit key {permit_key} (GET /api/v1/server has it)")
    if root.expires_at_ms <= now.timestamp() * 1000:
        found.append("it has expired")
    return found


async def root_in_force(tx: Tx, tenant_id: TenantId) -> Root:
    """Raises NotFound (root_not_found)."""
    row = await tx.maybe(sql.permits.root_in_force, {"tenant_id": tenant_id})
    root = read(Root, decode(SignedDocument, row["document"]), "root") if row else None
    if root is None:
        raise NotFound("the tenant has no root that could be read; hand one in first", kind="root_not_found")
    return root
