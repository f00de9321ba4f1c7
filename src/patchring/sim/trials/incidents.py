"""Real updates that broke things, as scenarios: what is known of each, put in the words of the simulator.

Which devices, how soon, and how it showed are from the record (sim/incidents). What share of them is an assumption of
the record, and how often which signal shows a symptom is one of ours: `SHOWN`.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from patchring.core.gate.signals import Signal
from patchring.sim.trials.scenario import Defect, FleetSpec, PatchSpec, Scenario, Where

_CLIENTS, _SERVERS = Where(servers=False), Where(servers=True)
ROLES: Mapping[str, Where] = {
    "workstation": _CLIENTS,
    "developer_workstation": _CLIENTS,
    "server": _SERVERS,
    "server_vm": _SERVERS,
    "domain_controller": Where(role="domain_controller"),
    "hypervisor": Where(role="hypervisor"),
    "hyperv_host": Where(role="hypervisor"),
    "hyperv_cluster": Where(role="hypervisor"),
    "rds_server": Where(role="terminal_server"),
    **dict.fromkeys(
        (
            "print_server",
            "file_server",
            "backup_server",
            "app_server",
            "iis_server",
            "nps",
            "exchange_server",
            "rras_server",
            "container_host",
        ),
        Where(role="member_server"),
    ),
}
_BOOT = {Signal.REBOOT_LOOP: 0.6, Signal.MISSING_HEARTBEAT: 0.6, Signal.TICKET: 0.3}
_NETWORK = {Signal.MISSING_HEARTBEAT: 0.4, Signal.SERVICE_FAILURE: 0.2, Signal.TICKET: 0.4}
_LEAK = {Signal.PERFORMANCE: 0.7, Signal.SERVICE_FAILURE: 0.4, Signal.TICKET: 0.2}
_PEOPLE = {Signal.TICKET: 0.4, Signal.APP_CRASH: 0.2}
_SERVICE = {Signal.SERVICE_FAILURE: 0.9, Signal.TICKET: 0.2}
SHOWN: Mapping[str, Mapping[Signal, float]] = {
    **dict.fromkeys(("boot_failure", "boot_loop", "bsod", "bitlocker_recovery", "device_brick", "kernel_panic"), _BOOT),
    **dict.fromkeys(("network_loss", "vpn_failure", "dns_failure", "remote_access_failure", "tls_failure"), _NETWORK),
    **dict.fromkeys(("memory_leak", "performance", "instability"), _LEAK),
    **dict.fromkeys(("printing", "app_failure", "usb_failure", "data_loss", "data_access_loss"), _PEOPLE),
    **dict.fromkeys(("service_failure", "service_crash", "directory_sync_failure"), _SERVICE),
    "auth_failure": {Signal.FAILED_LOGON: 0.7, Signal.TICKET: 0.4},
    "app_crash": {Signal.APP_CRASH: 0.9, Signal.TICKET: 0.3},
    "install_failure": {Signal.INSTALL_FAILURE: 1.0},
    "recovery_failure": {Signal.TICKET: 0.05},
    "unplanned_os_upgrade": {Signal.TICKET: 0.5},
}
# Hours from the installation, which a restart ends.
ONSETS_H: Mapping[str, float] = {
    "install": 1,
    "immediate": 1,
    "reboot": 1,
    "minutes": 1,
    "minutes_after_reboot": 1,
    "hours": 6,
    "next_sync": 6,
    "on_use": 24,
    "days": 96,
}
REVERSIBLE: Mapping[str, float] = {"yes": 0.95, "partial": 0.5, "no": 0.05}


@dataclass(frozen=True)
class Incident:
    """`share`: low and high, as the record assumes. `exploited`: CVEs that it fixed and that were known to be exploited
    on the day of its release."""

    incident_id: str
    title: str
    released_on: str
    symptom: str
    roles: str
    share: tuple[float, float]
    onset: str
    rollback: str
    confirmed_days: float | None
    exploited: tuple[str, ...]

    def scenario(self, fleet: FleetSpec, share: str = "middle") -> Scenario:
        """`share`: low, middle (geometric) or high."""
        patch = PatchSpec(
            defects=self._defects(share),
            kev=bool(self.exploited),
            confirmed_h=None if self.confirmed_days is None else 24.0 * self.confirmed_days,
        )
        return Scenario(name=self.incident_id, patch=patch, fleet=fleet)

    def _defects(self, share: str) -> tuple[Defect, ...]:
        low, high = self.share
        found = {"low": low, "middle": math.sqrt(low * high), "high": high}[share]
        signals: dict[str, float] = {}
        for symptom in self.symptom.split(";"):
            for signal, chance in SHOWN.get(symptom, {}).items():
                signals[signal] = max(chance, signals.get(signal, 0.0))
        where = dict.fromkeys(ROLES[role] for role in self.roles.split() if role in ROLES)
        reversible = REVERSIBLE.get(self.rollback.partition("(")[0], 0.5)
        onset = ONSETS_H.get(self.onset, 24.0)
        return tuple(Defect(found, signals, each, onset, reversible=reversible) for each in where)


def incidents() -> list[Incident]:
    """Those of the record that a fleet of this simulator can have, in the order of their release: Windows, devices and
    symptoms that it knows, and a share that somebody dared to assume."""
    text = resources.files("patchring.sim").joinpath("incidents/bad_patches.csv").read_text(encoding="utf-8")
    found = [_incident(row) for row in csv.DictReader(text.splitlines()) if _usable(row)]
    return sorted(found, key=lambda each: (each.released_on, each.incident_id))


def _usable(row: Mapping[str, str]) -> bool:
    roles, symptoms = row["affected_roles"].split(), row["symptom_class"].split(";")
    known = any(role in ROLES for role in roles) and any(symptom in SHOWN for symptom in symptoms)
    return row["platform"] == "windows" and known and bool(row["model_share_low"] and row["model_share_high"])


def _incident(row: Mapping[str, str]) -> Incident:
    days = row["days_to_confirm"]
    return Incident(
        incident_id=row["incident_id"],
        title=f"{row['patch_ids'].split(' ')[0]}: {row['condition'] or row['product']}",
        released_on=row["released"],
        symptom=row["symptom_class"],
        roles=row["affected_roles"],
        share=(float(row["model_share_low"]), float(row["model_share_high"])),
        onset=row["onset"],
        rollback=row["rollback_works"],
        confirmed_days=max(0.0, float(days)) if days else None,
        exploited=tuple(row["kev_at_release"].split()),
    )
