"""When evidence holds a facet, and in which words. A hold stops the facet; everything else goes on."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from patchring.core.gate.sequential import Evidence
from patchring.core.gate.signals import RULES, Signal
from patchring.core.reason import Reason, counted, reason

# The chance that a patch that does nothing is ever held, over all its facets and signals.
BUDGET = 0.02
# Statistics aside: so much more than expected it has to be.
EXCESS_MIN = 1.15
TENANTS_MIN = 2


@dataclass(frozen=True)
class Watched:
    """One signal on one facet. `facet`: in words, such as `domain controllers`. `installed`: devices that have the
    patch; `left`: those that do not. `tenants` contributed events; `tenant_count` have such devices at all.
    `everybody`: the facet is the whole fleet."""

    facet: str
    signal: Signal
    evidence: Evidence
    installed: int
    left: int
    tenants: int
    tenant_count: int
    everybody: bool = False


@dataclass(frozen=True)
class Hold:
    """`chance`: how likely this is at any look if the patch does nothing, at most."""

    facet: str
    signal: Signal
    chance: float
    reason: Reason


def shares_of_budget(weights: Mapping[tuple[str, Signal], float]) -> dict[tuple[str, Signal], float]:
    """What each facet and signal may spend of BUDGET, by their weights; all of it together is BUDGET."""
    total = math.fsum(weights.values())
    return {key: BUDGET * weight / total for key, weight in sorted(weights.items())}


def hold(watched: Watched, budget: float) -> Hold | None:
    """None: nothing is held yet. Every one of the conditions has to be met; who is looked at alone is alone enough."""
    evidence, rule = watched.evidence, RULES[watched.signal]
    enough_tenants = watched.tenants >= min(TENANTS_MIN, watched.tenant_count)
    if evidence.events < rule.count_min or not enough_tenants:
        return None
    if evidence.events <= EXCESS_MIN * evidence.expected or evidence.log_e < -math.log(budget):
        return None
    return Hold(watched.facet, watched.signal, evidence.chance, _told(watched))


def _told(watched: Watched) -> Reason:
    evidence = watched.evidence
    numbers = {
        "events": evidence.events,
        "installed": watched.installed,
        "expected": _few(evidence.expected),
        "tenants": watched.tenants,
        "log_e": f"{evidence.log_e:.3f}",
        "left": watched.left,
    }
    said = f"{_SEEN[watched.signal]} on {evidence.events} of {watched.installed} patched"
    chance = f"the chance of this at any look is below 1 in {_one_in(evidence.chance)}"
    text = (
        f"Stopped for {watched.facet} ({watched.left} left): {said} in {counted(watched.tenants, 'tenant')}; "
        f"without the patch {_few(evidence.expected)} were to be expected; {chance}"
    )
    return reason(f"gate_{watched.signal}", text if watched.everybody else f"{text}; others go on", **numbers)


_SEEN: Mapping[Signal, str] = {
    Signal.INSTALL_FAILURE: "the installation failed",
    Signal.SERVICE_FAILURE: "a service failed",
    Signal.APP_CRASH: "an application crashed",
    Signal.FAILED_LOGON: "people could not log on",
    Signal.REBOOT_LOOP: "restart followed restart",
    Signal.PERFORMANCE: "work became slow",
    Signal.TICKET: "people called",
    Signal.MISSING_HEARTBEAT: "nothing more was heard",
}


def _few(count: float) -> str:
    """Two figures of what is small, one of the rest."""
    return f"{count:.2g}" if count < 1 else f"{count:.1f}"


def _one_in(chance: float) -> str:
    """Rounded down to one figure, so that it promises nothing."""
    most = min(1 / chance, 1e12) if chance > 0 else 1e12
    magnitude = 10 ** math.floor(math.log10(most))
    return f"{math.floor(most / magnitude) * magnitude:,.0f}"
