"""Guards of the product, each taken out in turn: worlds have to notice. Where two hold the same thing, both go."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from typing import Any
from unittest.mock import patch

from patchring.app import evidence
from patchring.app.permits import facts as permit_facts
from patchring.app.permits import office
from patchring.app.worker import case, moves, progress
from patchring.app.worker.apply import Applier
from patchring.core import permits
from patchring.core.rollout import reconcile
from patchring.core.schedule.occurrence import Occurrence
from patchring.sim.world.memory.database import STATEMENTS
from patchring.sim.world.runs import run_one
from patchring.wire import authority
from patchring_agent.loop import jobs, phases

Replacement = tuple[Any, str, Any]


@dataclass(frozen=True)
class Guard:
    """`without`: what is replaced, and by what."""

    name: str
    without: tuple[Replacement, ...]


@contextmanager
def taken_out(guard: Guard) -> Iterator[None]:
    with ExitStack() as stack:
        for owner, name, instead in guard.without:
            if isinstance(owner, dict):
                stack.enter_context(patch.dict(owner, {name: instead}))
            else:
                stack.enter_context(patch.object(owner, name, instead))
        yield


def _nothing(*_: Any, **__: Any) -> list[Any]:
    return []


async def _async_nothing(*_: Any, **__: Any) -> None:
    return None


def _no_lacks(*_: Any) -> tuple[tuple[()], None]:
    return (), None


async def _any_permit(work: Any, action_id: Any, received_at: Any, permit_id: Any) -> Any:
    """Whichever permit the action has now, though the report knows nothing of it."""
    far = received_at.replace(year=received_at.year + 1)
    return await moves_find_permit(work, action_id, far, None)


# The package gives its function `step` the module's name.
step = import_module("patchring_agent.loop.step")
moves_find_permit = moves.find_permit
_real_resume: Callable[..., Any] = step._resume


def _resumed_as_if_nothing_was(state: Any, job: Any, new_boot: bool, now: Any) -> Any:
    """It had begun; it begins again."""
    if job.phase == phases.RUNNING:
        return jobs.with_job(state, replace(job, phase=phases.ACTING))
    return _real_resume(state, job, new_boot, now)


def _all_slots(tables: Any, given: Any) -> list[dict[str, Any]]:
    wide = [{**each, "in_flight_max": 10_000} for each in given["slots"]]
    return _real_take_slots(tables, {**given, "slots": wide})  # type: ignore[return-value]


_real_take_slots = STATEMENTS["permits.take_slots"]


def _nothing_pooled(ring: Any) -> dict[str, int]:
    return dict.fromkeys(("device_count", "verified_count", "failed_count"), 0)


def _always_open(windows: Any, zones: Any, hours: Any, work: Any) -> Occurrence:
    return Occurrence("always", work.now - timedelta(days=1), work.now + timedelta(days=1))


GUARDS: tuple[Guard, ...] = (
    Guard("stops at the permit", ((permits, "_stops", _nothing),)),
    Guard("windows at the permit", ((permit_facts, "_open", _always_open),)),
    Guard("blackouts at the permit", ((permit_facts, "_blackout", lambda *_: None),)),
    Guard(
        "a permit is good for a minute, says the server and checks the device",
        ((office, "PERMIT_LIFETIME_S", 3_600), (authority, "PERMIT_LIFETIME_S", 3_600)),
    ),
    Guard(
        "limits, at the permit and in the slots",
        ((permits, "_limits", _nothing), (STATEMENTS, "permits.take_slots", _all_slots)),
    ),
    Guard("soaks between rings", ((reconcile, "soak_lacks", _no_lacks),)),
    Guard("what was seen elsewhere", ((reconcile, "elsewhere_lacks", _no_lacks),)),
    Guard("the halt after failures", ((reconcile, "_halt", lambda *_: None),)),
    Guard("the hold after a failure", ((Applier, "_hold", _async_nothing),)),
    Guard(
        "a permit whose answer was lost is given back, by the next request or by the device's word",
        ((office, "_supersede", _async_nothing), (progress._WORDS, "not_started", _async_nothing)),
    ),
    Guard("a late word ends no later permit", ((case, "find_permit", _any_permit),)),
    Guard("what began is not begun again", ((step, "_resume", _resumed_as_if_nothing_was),)),
    Guard("evidence is pooled once", ((evidence, "_pooled", _nothing_pooled),)),
)


def caught_at(guard: Guard, seeds: Iterable[int]) -> tuple[int, str] | None:
    """The first seed whose world breaks a rule without the guard, and which; None: nobody noticed."""
    with taken_out(guard):
        for seed in seeds:
            if found := run_one(seed).broken:
                return seed, found[0]
    return None
