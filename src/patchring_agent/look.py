"""The scan of this device: what `patchring-agent scan` prints and the driver reports."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Optional

from patchring.wire.messages import Scan
from patchring_agent import clocks, device
from patchring_agent.probes import run_probes
from patchring_agent.providers import catalogue
from patchring_agent.providers.contract import Provider


def state_digest(providers: Mapping[str, Provider]) -> str:
    """Of all package managers and of this boot: a scan is due when it changes."""
    parts = [clocks.boot_id(), *(provider.state_digest() for provider in providers.values())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def look(present: Optional[Mapping[str, Provider]] = None, probes: Sequence[str] = ()) -> Scan:
    """Raises AgentError. The digest is read first: what changes meanwhile is found by the next scan."""
    providers = catalogue.present() if present is None else present
    digest, taken_at_ms = state_digest(providers), clocks.now().wall_ms
    inventories = [provider.inventory() for provider in providers.values()]
    reasons = [reason for provider in providers.values() for reason in provider.reboot_reasons()]
    return Scan(
        taken_at_ms,
        digest,
        device.facts(),
        [provider.state() for provider in providers.values()],
        [package for inventory in inventories for package in inventory.installed],
        [update for inventory in inventories for update in inventory.updates],
        bool(reasons),
        reasons,
        [service for provider in providers.values() for service in provider.restarts_needed()],
        run_probes(probes),
    )
