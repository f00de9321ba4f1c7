"""The whole stage: lab, server, office and fleet, and what several steps do with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lab.lab import Lab
from lab.prove.errors import ProofFailed, require
from lab.prove.fleet import Fleet
from lab.prove.office import Office
from lab.prove.roster import PLACES, TENANTS, Tenant
from lab.prove.server import ServerPlace
from lab.prove.waiting import eventually

PREINSTALLED = {"lab-web": "1.0", "lab-notes": "1.0", "lab-library": "1.0", "lab-kernel": "6.1.1"}
VERIFIED, ROLLED_BACK = "verified", "rolled_back"
DEAD_ENDS = {
    VERIFIED: frozenset({"failed", "rolling_back", "rolled_back", "rollback_failed", "skipped"}),
    ROLLED_BACK: frozenset({"rollback_failed", "skipped", "verified"}),
}
"""What is waited for -> states from which it does not come any more."""


class Scene:
    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.fleet = Fleet(lab)
        self._office: Office | None = None

    @property
    def server(self) -> ServerPlace:
        return ServerPlace.of(self.lab)

    @property
    def office(self) -> Office:
        """Once the server serves."""
        if self._office is None:
            self._office = Office(self.server)
        return self._office

    def close(self) -> None:
        if self._office is not None:
            self._office.close()

    def publish(self, suite: str, names: Iterable[str] = tuple(PLACES), **versions: str) -> None:
        """Offers versions in a suite (`lab_web="1.1"`), and has these devices fetch the index."""
        offered = {name.replace("_", "-"): version for name, version in versions.items()}
        self.lab.repository.publish(suite, offered)
        self.fleet.refresh(names)

    # --- reading -----------------------------------------------------------------------------------------------

    def states(self, patch_key: str, names: Iterable[str]) -> dict[str, str]:
        """Device name -> its state for the patch, as the server has it; empty before a rollout has it."""
        wanted = list(names)
        found: dict[str, str] = dict.fromkeys(wanted, "")
        for tenant in {PLACES[name][0] for name in wanted}:
            rows = self.office.rollout_devices(tenant, patch_key)
            found |= {name: row["state"] for name, row in rows.items() if name in found}
        return found

    def device_ids(self, tenant: Tenant) -> dict[str, str]:
        """Device id -> name."""
        rows = self.office.api.each(f"/tenants/{tenant.slug}/devices")
        return {row["device_id"]: row["name"] for row in rows}

    def ring_of(self, tenant: Tenant) -> dict[str, int]:
        """Device id -> the ring that the roster says."""
        return {device_id: PLACES[name][1].ring for device_id, name in self.device_ids(tenant).items()}

    def rollout(self, tenant: Tenant, patch_key: str) -> dict[str, Any]:
        found = self.office.rollout(tenant, patch_key)
        require(found is not None, f"a rollout of {patch_key} at {tenant.name}", "none")
        assert found is not None
        return found

    def chain(self, tenant: Tenant) -> list[dict[str, Any]]:
        return list(self.office.chain(tenant))

    # --- waiting -----------------------------------------------------------------------------------------------

    def until_states(self, patch_key: str, names: Sequence[str], seconds: float, wanted: str = VERIFIED) -> None:
        """Waits until each of the devices has the state for the patch; one that failed instead ends it at once."""
        expected = f"{patch_key} {wanted} on {', '.join(names)}"

        def holds(states: dict[str, str]) -> bool:
            wrong = {name: state for name, state in states.items() if state in DEAD_ENDS[wanted]}
            if wrong:
                raise ProofFailed(expected, f"{wrong}\n{self.why(patch_key, wrong)}")
            return all(state == wanted for state in states.values())

        def why() -> str:
            late = [name for name, state in self.states(patch_key, names).items() if state != wanted]
            return self.why(patch_key, late)

        eventually(expected, lambda: self.states(patch_key, names), holds, seconds, why)

    def until_rollouts(self, patch_key: str, state: str, seconds: float, tenants: Sequence[Tenant] = TENANTS) -> None:
        def seen() -> dict[str, str]:
            found = {tenant.slug: self.office.rollout(tenant, patch_key) for tenant in tenants}
            return {slug: f"{row['state']}: {row['reasons'][:1]}" if row else "none" for slug, row in found.items()}

        expected = f"the rollouts of {patch_key} are {state}"
        eventually(expected, seen, lambda s: all(v.startswith(f"{state}:") for v in s.values()), seconds)

    def why(self, patch_key: str, names: Iterable[str]) -> str:
        """What the server says of these devices and this patch, and what their agents and the server logged last."""
        return "\n".join([*(self._why(patch_key, name) for name in list(names)[:3]), self.server_log()])

    def _why(self, patch_key: str, name: str) -> str:
        try:
            found = self.office.explain(PLACES[name][0], name, patch_key)
            said = "\n".join(f"    {each['code']}: {each['text']}" for each in found["reasons"])
            answer = f"{found['answer']}\n{said}"
        except Exception as error:  # noqa: BLE001 - it only adds to a failure that is told anyway
            answer = f"explain says: {error}"
        return f"  {name}: {answer}\n  its agent:\n{indented(self.fleet.agent_log(name))}"

    def server_log(self) -> str:
        logs = [(log.name, log.read_text(errors="replace").splitlines()[-4:]) for log in self.server.logs]
        return "\n".join(f"  {name}:\n{indented(chr(10).join(lines))}" for name, lines in logs if lines)


def indented(text: str) -> str:
    return "\n".join(f"    {line[:300]}" for line in text.splitlines())
