"""Verified means: seen in effect. After the act, and after the reboot where one is needed, the device was scanned and
probed again; the version is there, it is no longer offered, and what was healthy before is healthy now.

- A probe that passed before and fails now convicts, also before the reboot.
- A version that is missing convicts only after the reboot: until then the old one may be what is still running. Where
  a reboot is needed and nobody can tell whether it came, nothing is concluded.
- A probe that failed before as well does not convict the patch, and is named. One that could not be read, before or
  after, proves nothing: the device stays unverified and somebody is told.
- A version that is neither the one from before nor the one that was wanted came from elsewhere: nothing is concluded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    `before`: what was installed before the act; a package that is not in it counts as unchanged where it differs.
    `offered`: names whose update to the wanted version is still pending. `scanned_at` None: no scan since the act.
    Probes are pass, fail or unknown by name. `reboot_needed`: the act needs one and the policy allows it. Boot ids are
    empty where nobody knows them."""

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
    before: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """`reasons` say what was seen; for `verified` also what was passed over (probes that failed before as well)."""

    outcome: VerdictOutcome
    reasons: tuple[Reason, ...]


_BOOT_UNREAD = reason("boot_unread", "it needs a reboot, and nobody can tell whether that came: a boot id is missing")


def verify(seen: Seen) -> Verdict:
    """The verdict on one device. What failed weighs more than what is open, what is open more than what is fine."""
    if seen.scanned_at is None or seen.scanned_at < seen.acted_at:
        return _verdict(VerdictOutcome.NOT_YET, [reason("scan_missing", "no scan since the installation")])
    broken = _failed_probes(seen)
    unread_boot = seen.reboot_needed and not (seen.boot_before and seen.boot_now)
    waits_for_reboot = seen.reboot_needed and not unread_boot and seen.boot_now == seen.boot_before
    missing, foreign = ([], []) if waits_for_reboot or unread_boot else _versions(seen)
    if broken or missing:
        return _verdict(VerdictOutcome.FAILED, [*missing, *broken])
    if waits_for_reboot:
        return _verdict(VerdictOutcome.NOT_YET, [reason("reboot_missing", "installed, but not rebooted yet")])
    unclear = [*foreign, *([_BOOT_UNREAD] if unread_boot else ()), *_unread_probes(seen)]
    if unclear:
        return _verdict(VerdictOutcome.INCONCLUSIVE, unclear)
    return _verdict(VerdictOutcome.VERIFIED, [_in_effect(seen), *_passed_over(seen)])


def _versions(seen: Seen) -> tuple[list[Reason], list[Reason]]:
    """What is not as wanted: by the act, and by somebody else."""
    missing: list[Reason] = []
    foreign: list[Reason] = []
    for name, version in sorted(seen.wanted.items()):
        there = seen.installed.get(name, frozenset())
        if version in there:
            if name in seen.offered:
                missing.append(reason("still_offered", f"{name} {version} is installed and still offered"))
            continue
        text = f"{name} {version} was expected, the scan found {', '.join(sorted(there)) or 'nothing'}"
        if there and name in seen.before and not there & seen.before[name]:
            foreign.append(reason("version_foreign", f"{text}, which is not what it was before either"))
        else:
            missing.append(reason("version_missing", text))
    return missing, foreign


def _failed_probes(seen: Seen) -> list[Reason]:
    return [
        reason("probe_failed", f"probe {probe} passed before the installation and fails now")
        for probe, outcome in sorted(seen.probes_after.items())
        if outcome == "fail" and seen.probes_before.get(probe) == "pass"
    ]


def _unread_probes(seen: Seen) -> list[Reason]:
    found = []
    for probe in sorted({*seen.probes_before, *seen.probes_after}):
        before, after = seen.probes_before.get(probe, "unknown"), seen.probes_after.get(probe, "unknown")
        if after not in ("pass", "fail"):
            found.append(reason("probe_unread", f"probe {probe} could not be read after the installation"))
        elif after == "fail" and before not in ("pass", "fail"):
            text = f"probe {probe} fails now, and nobody knows whether it did before the installation"
            found.append(reason("probe_unread", text))
    return found


def _passed_over(seen: Seen) -> list[Reason]:
    return [
        reason("probe_failed_before", f"probe {probe} failed before the installation as well, so it says nothing of it")
        for probe, outcome in sorted(seen.probes_after.items())
        if outcome == "fail"
    ]


def _in_effect(seen: Seen) -> Reason:
    healthy = sum(outcome == "pass" for outcome in seen.probes_after.values())
    probes = f"{healthy} probes healthy" if seen.probes_after else "no probes asked for"
    wanted = ", ".join(f"{name} {version}" for name, version in sorted(seen.wanted.items()))
    return reason("seen_in_effect", f"{wanted} seen by a later scan, {probes}", probes=healthy)


def _verdict(outcome: VerdictOutcome, reasons: list[Reason]) -> Verdict:
    return Verdict(outcome, tuple(reasons))
