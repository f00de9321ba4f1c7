"""The phases of a job and every move between them. The picture in docs/agent.md is drawn from this table.

received -> downloaded -> planned -> ready -> asking -> permitted -> acting -> running -> scanning -> probing -> done
A move that is not here is a bug and raises; nothing changes then.

* Up to `permitted` nothing of the device was changed; a job can be dropped there with the proof `not_started`.
* `asking` and `acting` are stored before the effect, so a crash in between is seen after the restart.
* From `acting` on a job is finished or repaired, never begun again; back only with the proof that nothing had begun
  (the lifetime was over before the transaction was started, or it was stored that it would begin and it did not).
* `done` is not stored: the job is gone and its id is among the settled.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from patchring_agent.loop.state import Job

RECEIVED = "received"
DOWNLOADED = "downloaded"
PLANNED = "planned"
READY = "ready"
ASKING = "asking"
PERMITTED = "permitted"
ACTING = "acting"
RUNNING = "running"
RECOVERING = "recovering"
REBOOTING = "rebooting"
SCANNING = "scanning"
PROBING = "probing"
DONE = "done"

MOVES: dict[str, frozenset[str]] = {
    RECEIVED: frozenset({RECEIVED, DOWNLOADED, PLANNED, SCANNING, DONE}),
    DOWNLOADED: frozenset({RECEIVED, PLANNED, SCANNING, DONE}),
    PLANNED: frozenset({RECEIVED, READY, DONE}),
    READY: frozenset({RECEIVED, READY, ASKING, DONE}),
    ASKING: frozenset({READY, PERMITTED}),
    PERMITTED: frozenset({RECEIVED, READY, ACTING, REBOOTING}),
    ACTING: frozenset({RECEIVED, READY, RUNNING, RECOVERING}),
    RUNNING: frozenset({RECOVERING, SCANNING}),
    RECOVERING: frozenset({READY, RECOVERING, SCANNING}),
    REBOOTING: frozenset({RECEIVED, SCANNING}),
    SCANNING: frozenset({SCANNING, PROBING, DONE}),
    PROBING: frozenset({SCANNING, DONE}),
}

NOT_BEGUN = frozenset({RECEIVED, DOWNLOADED, PLANNED, READY})
BUSY = frozenset({ASKING, PERMITTED, ACTING, RUNNING, RECOVERING, REBOOTING})


def move(job: Job, phase: str, **changes: Any) -> Job:
    """The job in its next phase; a move that the table does not have is an AssertionError."""
    if phase not in MOVES[job.phase]:
        raise AssertionError(f"no move from {job.phase} to {phase} (action {job.offer.action_id})")
    return replace(job, phase=phase, **changes)
