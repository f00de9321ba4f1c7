"""Verified means: seen in effect. After the act, and after the reboot where one is needed, the device was scanned and
probed again; the version is there, it is no longer offered, and what was healthy before is healthy now.

A probe that failed before the act does not convict the patch; one that cannot be read proves nothing, so the device
stays unverified and somebody is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from patchring.core.reason import Reason, reason


class VerdictOutcome(StrEnum):
    VERIFIED = "verified"
    NOT_YET = "not_yet"
    INCONCLUSIVE = "inconclusive"
    FAILED = "failed"


@dataclass(frozen=True)
class Seen:
    """What is compared. `wanted` and `installed`: versions by package name (a package may be there in several).
    `offered`: names whose update to the wanted version is still pending. `scanned_at` None: no scan since the act.
    Probes are pass, fail or unknown by name. `reboot_needed`: the act needs one and the policy allows it."""

    acted_at: datetime
    scanned_at: datetime | None
    wanted: Mapping[str, str]
    installed: Mapping[str, frozenset[str]]
    offered: frozenset[str]
    boot_before: str
    boot_now: str
    reboot_needed: bool
    probes_before: Mapping[str, str]
    probes_after: Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    outcome: VerdictOutcome
    reasons: tuple[Reason, ...]


def verify(seen: Seen) -> Verdict:
    """The verdict on one device; a failed probe or a missing version weighs more than anything still open."""
    if seen.scanned_at is None or seen.scanned_at < seen.acted_at:
        return _verdict(VerdictOutcome.NOT_YET, [reason("scan_missing", "no scan since the installation")])
    failed = [*_versions(seen), *_failed_probes(seen)]
    if failed:
        return _verdict(VerdictOutcome.FAILED, failed)
    if seen.reboot_needed and seen.boot_now == seen.boot_before:
        return _verdict(VerdictOutcome.NOT_YET, [reason("reboot_missing", "installed, but not rebooted yet")])
    unread = _unread_probes(seen)
    if unread:
        return _verdict(VerdictOutcome.INCONCLUSIVE, unread)
    probes = f", {len(seen.probes_after)} probes healthy" if seen.probes_after else ", no probes asked for"
    wanted = ", ".join(f"{name} {version}" for name, version in sorted(seen.wanted.items()))
    return _verdict(VerdictOutcome.VERIFIED, [reason("seen_in_effect", f"{wanted} seen by a later scan{probes}")])


def _versions(seen: Seen) -> list[Reason]:
    found = []
    for name, version in sorted(seen.wanted.items()):
        there = seen.installed.get(name, frozenset())
        if version not in there:
            text = f"{name} {version} was expected, the scan found {', '.join(sorted(there)) or 'nothing'}"
            found.append(reason("version_missing", text))
        elif name in seen.offered:
            found.append(reason("still_offered", f"{name} {version} is installed and still offered"))
    return found


def _failed_probes(seen: Seen) -> list[Reason]:
    return [
        reason("probe_failed", f"probe {probe} passed before the installation and fails now")
        for probe, outcome in sorted(seen.probes_after.items())
        if outcome == "fail" and seen.probes_before.get(probe) == "pass"
    ]


def _unread_probes(seen: Seen) -> list[Reason]:
    missing = [p for p, before in seen.probes_before.items() if before == "pass" and p not in seen.probes_after]
    unread = [p for p, outcome in seen.probes_after.items() if outcome not in ("pass", "fail")]
    return [
        reason("probe_unread", f"probe {p} could not be read after the installation") for p in sorted(missing + unread)
    ]


def _verdict(outcome: VerdictOutcome, reasons: list[Reason]) -> Verdict:
    return Verdict(outcome, tuple(reasons))
