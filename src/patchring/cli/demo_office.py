"""The people's side of the demo: what a technician does by hand, over the same API and with keys on this machine.

Every call goes through `Client` and every signature through `TenantKeys`, exactly as the other commands do it.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from patchring.cli.client import Client
from patchring.cli.keys import create_keys, read_keys
from patchring.core.ids import uuid7
from patchring.core.rollout.states import RolloutState
from patchring.sim.roster import Place, SimTenant
from patchring.wire.authority import ApprovedPackage

ENDED = (RolloutState.COMPLETED, RolloutState.ROLLED_BACK, RolloutState.ABANDONED)
EVENTS_A_LOOK = 100
TOKEN_HOURS = 2
APPROVAL_REASON = "Tested on the lab server; the vendor lists no known issues."
CLASSIFY_REASON = "Walked through the site with the client; confirmed on the spot."


@dataclass(frozen=True)
class Office:
    """Blocking: call it in a thread. `policies` is the folder with one text for each tenant, named by its slug."""

    api: Client
    keys: Path
    policies: Path
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take_on(self, tenant: SimTenant) -> None:
        """Make the tenant with its keys and root, its site, and put its signed policy in force."""
        now = datetime.now(UTC)
        tenant_id = uuid7(now, secrets.token_bytes(8))
        keys = create_keys(tenant.slug, self.keys)
        root = keys.sign_root(tenant_id, self.api.get("/server")["permit_key"], now)
        named = {"tenant_id": str(tenant_id), "slug": tenant.slug, "name": tenant.name, "kind": tenant.kind}
        self.api.post("/tenants", {**named, "root": root})
        self.api.post(f"/tenants/{tenant.slug}/sites", {"name": tenant.site, "zone": tenant.zone})
        text = (self.policies / f"{tenant.slug}.yaml").read_text(encoding="utf-8")
        statement = keys.sign_policy(tenant_id, uuid7(now, secrets.token_bytes(8)), 1, text, now)
        self.api.post(f"/tenants/{tenant.slug}/policy", {"text": text, "statement": statement})

    def token(self, tenant: SimTenant, uses: int) -> str:
        """An enrolment token for this many devices of the tenant's site."""
        body = {"site": tenant.site, "hours": TOKEN_HOURS, "uses": uses}
        return str(self.api.post(f"/tenants/{tenant.slug}/tokens", body, repeatable=False)["token"])

    def classify(self, tenant: SimTenant, ids: Mapping[str, str]) -> None:
        """Say of every machine what it is."""
        for place in tenant.places:
            self._change(f"/tenants/{tenant.slug}/devices/{ids[place.name]}", _confirmed(place))

    def only_observe(self, tenant: SimTenant, device_id: str) -> None:
        body = {"observe_only": True, "reason": "It runs the server of this demo; nothing is ever installed on it."}
        self._change(f"/tenants/{tenant.slug}/devices/{device_id}", body)

    def approve(self, tenant: SimTenant, patch_key: str) -> None:
        """Sign an approval with the tenant's key on this machine and hand it in, as `patchring approve` does."""
        about = self.api.get(f"/tenants/{tenant.slug}")
        found = self.patch(tenant, patch_key)
        fingerprint = self.api.get(f"/tenants/{tenant.slug}/policy")["fingerprint"]
        now = datetime.now(UTC)
        statement = read_keys(tenant.slug, self.keys).sign_approval(
            UUID(about["tenant_id"]),
            uuid7(now, secrets.token_bytes(8)),
            [ApprovedPackage(found["provider"], found["name"], found["version"])],
            [],
            fingerprint,
            APPROVAL_REASON,
            now,
        )
        self.api.post(f"/tenants/{tenant.slug}/approvals", {"patch": found["patch_key"], "statement": statement})

    def _change(self, path: str, body: dict[str, Any]) -> None:
        """Read, then change what was read: nobody else's change is overwritten unseen."""
        self.api.patch(path, body, self.api.get(path)["row_version"])

    # -- what there is to see --

    def rollouts(self, tenant: SimTenant) -> list[dict[str, Any]]:
        """The tenant's rollouts with their rings, newest first; what has ended is remembered."""
        base = f"/tenants/{tenant.slug}/rollouts"
        found = []
        for row in self.api.get(base)["items"]:
            known = self.ended.get(row["rollout_id"])
            whole = known or self.api.get(f"{base}/{row['rollout_id']}")
            if whole["state"] in ENDED and row["state"] in ENDED:
                self.ended[row["rollout_id"]] = whole
            found.append(whole)
        return found

    def patch(self, tenant: SimTenant, patch_key: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/tenants/{tenant.slug}/patch", patch=patch_key)
        return found

    def events(self, tenant: SimTenant, kind: str = "", subject: str = "") -> list[dict[str, Any]]:
        """The newest events of this kind about this subject (empty: any), oldest first."""
        given = {"kind": kind, "subject_id": subject, "limit": EVENTS_A_LOOK}
        return list(reversed(self.api.get(f"/tenants/{tenant.slug}/events", **given)["items"]))


def _confirmed(place: Place) -> dict[str, Any]:
    kind = place.kind
    return {
        "class": kind.device_class,
        "roles": list(kind.roles),
        "criticality": kind.criticality,
        "internet_facing": False,
        "redundancy_group": place.redundancy or None,
        "groups": list(place.groups),
        "sacrificial": place.sacrificial,
        "reason": CLASSIFY_REASON,
    }
