"""What the agent tells a person who asks on the device itself: read from the state folder, without a server."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Optional

from patchring_agent import VERSION
from patchring_agent.errors import ConfigurationProblem
from patchring_agent.loop import journal
from patchring_agent.loop.state import Entry, Job, Kept
from patchring_agent.store import StateFolder


def lines(folder: StateFolder) -> list[str]:
    """Raises NotEnrolled, StateDamaged."""
    enrolment, kept = folder.enrolled(), _kept(folder)
    refused = [entry for entry in kept.journal if entry.refused]
    found = [
        f"agent      {VERSION}",
        f"server     {enrolment.server} ({_pin(enrolment.server_fingerprint)})",
        f"tenant     {enrolment.tenant_id}",
        f"device     {enrolment.device_id}",
        f"policy     version {kept.policy_version or 'none seen yet'}",
        f"last scan  {'acknowledged' if kept.scan is None and kept.acknowledged_digest else 'not acknowledged yet'}",
        f"journal    {len(kept.journal)} reports unsent, {len(refused)} of them refused",
        f"action     {_job(kept.job)}",
    ]
    return found + [f"waiting    {_job(job)}" for job in kept.waiting]


def journal_lines(folder: StateFolder) -> list[str]:
    kept = _kept(folder)
    entries = [*kept.journal, *([kept.scan] if kept.scan is not None else [])]
    return [_line(entry) for entry in sorted(entries, key=lambda e: e.sequence)] or ["the journal is empty"]


def drop(folder: StateFolder, report_id: str) -> None:
    """Raises ConfigurationProblem when there is no such report, or the agent is running."""
    folder.lock()
    try:
        kept = _kept(folder)
        after = journal.drop(kept, report_id)
        if after == kept:
            raise ConfigurationProblem(f"no report {report_id} in the journal; `patchring-agent journal` lists them")
        folder.save_kept(after)
    finally:
        folder.unlock()


def _kept(folder: StateFolder) -> Kept:
    folder.enrolled()
    kept = folder.kept()
    if kept is None:
        raise ConfigurationProblem(f"{folder.path}/state.json is gone; enrol this device anew")
    return kept


def _pin(fingerprint: str) -> str:
    return "the system's authorities" if fingerprint == "-" else f"certificate {fingerprint[:16]}..."


def _job(job: Optional[Job]) -> str:
    if job is None:
        return "none"
    wanted = ", ".join(f"{p.name} {p.version}" for p in job.offer.packages)
    said = f"{job.offer.action} {wanted}".strip() + f": {job.phase}"
    return f"{said} ({job.detail})" if job.detail else said


def _line(entry: Entry) -> str:
    at = datetime.fromtimestamp(entry.made_at_ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    what = f"{entry.body['state']} of action {entry.body['action_id']}" if entry.kind == "progress" else "scan"
    return f"{entry.report_id}  {at}  {what}" + (f"  REFUSED: {entry.refused}" if entry.refused else "")
