"""What a technician does: the commands of `patchring`, run here as they are typed, with the keys in the lab's folder.

Reading goes over the API, because programs read that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from lab.prove.errors import CommandRefused
from lab.prove.roster import Place, Tenant
from lab.prove.server import ServerPlace
from patchring.cli.client import Client
from patchring.cli.errors import CliError
from patchring.cli.main import app

POLICIES = Path(__file__).parents[2] / "examples" / "lab"


class Office:
    """One operator at one server."""

    def __init__(self, server: ServerPlace) -> None:
        self.server = server
        self.keys = server.home / "keys"
        self.api = Client(server.people_address, server.token)
        self._environment = {
            "PATCHRING_URL": server.people_address,
            "PATCHRING_TOKEN": server.token,
            "PATCHRING_KEYS": str(self.keys),
            "COLUMNS": "400",
        }

    def close(self) -> None:
        self.api.close()

    def command(self, *words: str) -> str:
        """`patchring WORDS`; what it printed. Raises CommandRefused with the reason."""
        try:
            result = CliRunner().invoke(app, list(words), env=self._environment, catch_exceptions=False)
        except CliError as refused:
            raise CommandRefused(words, str(refused)) from refused
        if result.exit_code:
            raise CommandRefused(words, result.output.strip())
        return str(result.output)

    def read(self, *words: str) -> Any:
        """`patchring WORDS --json`, understood."""
        return json.loads(self.command(*words, "--json"))

    def take_on(self, tenant: Tenant) -> None:
        """A tenant with its keys and root, its site, and its signed policy in force."""
        self.command("tenants", "create", tenant.name, "--slug", tenant.slug, "--kind", tenant.kind)
        self.command("sites", "create", tenant.slug, tenant.site, "--zone", tenant.zone)
        self.apply_policy(tenant, self.policy_text(tenant))

    def policy_text(self, tenant: Tenant) -> str:
        return (POLICIES / f"{tenant.slug}.yaml").read_text(encoding="utf-8")

    def apply_policy(self, tenant: Tenant, text: str) -> None:
        file = self.server.home / f"{tenant.slug}.yaml"
        file.write_text(text, encoding="utf-8")
        self.command("policy", "apply", tenant.slug, str(file), "--yes")

    def token(self, tenant: Tenant) -> str:
        """An enrolment token for all devices of the tenant."""
        uses = str(len(tenant.places))
        return str(self.read("tokens", "create", tenant.slug, "--site", tenant.site, "--uses", uses)["token"])

    def classify(self, tenant: Tenant, place: Place) -> None:
        said = ["--class", place.device_class, "--criticality", place.criticality, "--no-internet-facing"]
        self.command("devices", "classify", tenant.slug, place.name, *said, "--reason", "seen on the spot")

    # --- what there is to see ----------------------------------------------------------------------------------

    def device(self, tenant: Tenant, name: str) -> dict[str, Any]:
        row: dict[str, Any] = self.api.get(f"/tenants/{tenant.slug}/devices/{name}")
        return row

    def rollout(self, tenant: Tenant, patch_key: str) -> dict[str, Any] | None:
        """The newest rollout of the patch with its rings; None: there is none."""
        for row in self.api.each(f"/tenants/{tenant.slug}/rollouts"):
            if row["patch_key"] == patch_key:
                shown: dict[str, Any] = self.api.get(f"/tenants/{tenant.slug}/rollouts/{row['rollout_id']}")
                return shown
        return None

    def rollout_devices(self, tenant: Tenant, patch_key: str) -> dict[str, dict[str, Any]]:
        """Device name -> its place in the newest rollout of the patch; empty where there is none."""
        found = self.rollout(tenant, patch_key)
        if found is None:
            return {}
        base = f"/tenants/{tenant.slug}/rollouts/{found['rollout_id']}"
        return {row["name"]: row for row in self.api.each(f"{base}/devices")}

    def state(self, tenant: Tenant, name: str, patch_key: str) -> str:
        """The state of the device for the patch; empty when no rollout has it."""
        row = self.rollout_devices(tenant, patch_key).get(name)
        return str(row["state"]) if row else ""

    def explain(self, tenant: Tenant, name: str, patch_key: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/tenants/{tenant.slug}/explain", device=name, patch=patch_key)
        return found

    def chain(self, tenant: Tenant) -> Iterator[dict[str, Any]]:
        """The tenant's whole record in its order."""
        return self.api.each(f"/tenants/{tenant.slug}/events/chain")
