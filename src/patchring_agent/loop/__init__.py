"""The agent's loop as values: what is known, what happened, and the one thing to do next.

`step(state, event, now)` gives the next state and exactly one effect. It reads no clock, does no I/O and draws no
random number, so the simulator runs the very loop that runs on devices. Whoever drives it keeps three rules:

1. When `state.kept` changed, store it durably before the effect is carried out (save the step, then act).
2. Carry the effect out and answer it with one of the events that `effects.py` names for it.
3. Begin with `Restarted`, also after a crash.
"""

from patchring_agent.loop.effects import (
    Act,
    AskPermit,
    Await,
    Download,
    Effect,
    MakePlan,
    Reboot,
    Refresh,
    Repair,
    RunProbes,
    Scan,
    SendCheckIn,
    SendReports,
    Sleep,
)
from patchring_agent.loop.events import (
    Acted,
    ActLapsed,
    ActStarted,
    CheckInAnswered,
    Downloaded,
    Event,
    Now,
    Outcome,
    PermitAnswered,
    PlanMade,
    ProbesDone,
    RebootRequested,
    Refreshed,
    Repaired,
    ReportsAnswered,
    ReportsRefused,
    Restarted,
    ScanFailed,
    Scanned,
    ServerUnreachable,
    TimerDue,
)
from patchring_agent.loop.state import Entry, Identity, Job, Kept, State
from patchring_agent.loop.step import step

__all__ = [
    "Act",
    "ActLapsed",
    "ActStarted",
    "Acted",
    "AskPermit",
    "Await",
    "CheckInAnswered",
    "Download",
    "Downloaded",
    "Effect",
    "Entry",
    "Event",
    "Identity",
    "Job",
    "Kept",
    "MakePlan",
    "Now",
    "Outcome",
    "PermitAnswered",
    "PlanMade",
    "ProbesDone",
    "Reboot",
    "RebootRequested",
    "Refresh",
    "Refreshed",
    "Repair",
    "Repaired",
    "ReportsAnswered",
    "ReportsRefused",
    "Restarted",
    "RunProbes",
    "Scan",
    "ScanFailed",
    "Scanned",
    "SendCheckIn",
    "SendReports",
    "ServerUnreachable",
    "Sleep",
    "State",
    "TimerDue",
    "step",
]
