"""Made-up patches to tune and to measure with: what is wrong with them follows the real incidents in shape (which
roles, what share, how soon, how it shows), not one by one. Tuned on one generator's seeds, measured on the other's.
"""

from collections.abc import Callable, Mapping

import numpy as np

from patchring.core.gate.signals import Signal
from patchring.sim.trials import kinds
from patchring.sim.trials.scenario import Defect, PatchSpec, Scenario, Where

Rng = np.random.Generator
TUNED_ON, MEASURED_ON = range(1_000, 2_000), range(500_000, 501_000)
# From release to the vendor's word: half within four days, a tenth not within a month (real regressions, 2022 to 2026).
CONFIRMED_MEDIAN_H, CONFIRMED_SPREAD = 96.0, 1.4
KEV_SHARE = 0.2
_CLIENT_APPS = [f"app-{number + 1}" for number in range(kinds.CLIENT_APPS)]
_SERVER_APPS = [f"server-app-{number + 1}" for number in range(kinds.SERVER_APPS)]
_MODELS = [f"pc-model-{number + 1}" for number in range(kinds.CLIENT_MODELS)]
_BUILDS = [*kinds.CLIENT_BUILDS, *kinds.SERVER_BUILDS]
_SERVER_ROLES = [name for name, kind in kinds.KINDS.items() if kind.server]


def good(seed: int, name: str = "good") -> Scenario:
    """Nothing is wrong; harmless patches differ in what the restart shakes loose and how many installations fail."""
    return Scenario(name=name, patch=_harmless(np.random.default_rng([seed, 53])), seeds=(seed,))


def placebo(seed: int) -> Scenario:
    """A patch that does nothing at all: no bump, and no installation fails more than usual."""
    return Scenario(name="placebo", patch=PatchSpec(bump=0.0), seeds=(seed,))


def bad(seed: int, other: bool = False) -> Scenario:
    """`other`: by the second generator, which draws from other shapes, shares and onsets."""
    rng = np.random.default_rng([seed, 61 if other else 59])
    makers = OTHER if other else FIRST
    kind = list(makers)[rng.integers(0, len(makers))]
    confirmed = float(np.clip(CONFIRMED_MEDIAN_H * rng.lognormal(0.0, CONFIRMED_SPREAD), 12, 10_000))
    harmless = _harmless(rng)
    patch = PatchSpec(
        defects=(makers[kind](rng),),
        kev=harmless.kev,
        bump=harmless.bump,
        failing=harmless.failing,
        confirmed_h=round(confirmed, 1),
    )
    return Scenario(name=kind, patch=patch, seeds=(seed,))


def _harmless(rng: Rng) -> PatchSpec:
    bump = float(rng.lognormal(np.log(0.35), 0.5))
    failing = float(np.clip(rng.lognormal(np.log(0.018), 0.4), 0.005, 0.045))
    return PatchSpec(kev=bool(rng.random() < KEV_SHARE), bump=round(bump, 3), failing=round(failing, 4))


def _share(rng: Rng, low: float, high: float) -> float:
    """Evenly by magnitude."""
    return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))), 4)


def _one(rng: Rng, names: list[str]) -> str:
    return names[rng.integers(0, len(names))]


def _defect(rng: Rng, where: Where, share: float, onset_h: float, signal: Signal, ticket: float = 0.3) -> Defect:
    shows = {str(signal): 0.9, str(Signal.TICKET): ticket}
    return Defect(share=share, signals=shows, where=where, onset_h=onset_h, reversible=round(rng.uniform(0.6, 0.95), 2))


def _role(rng: Rng) -> Defect:
    where = Where(role=_one(rng, _SERVER_ROLES))
    return _defect(rng, where, _share(rng, 0.2, 1.0), rng.uniform(1, 8), Signal.SERVICE_FAILURE)


def _controllers(rng: Rng) -> Defect:
    where = Where(role="domain_controller")
    return _defect(rng, where, _share(rng, 0.2, 0.9), rng.uniform(1, 4), Signal.REBOOT_LOOP)


def _app(rng: Rng) -> Defect:
    where = Where(app=_one(rng, [*_CLIENT_APPS, *_SERVER_APPS]))
    return _defect(rng, where, _share(rng, 0.1, 0.9), rng.uniform(1, 24), Signal.APP_CRASH)


def _model(rng: Rng) -> Defect:
    where = Where(model=_one(rng, _MODELS))
    return _defect(rng, where, _share(rng, 0.1, 0.9), rng.uniform(1, 6), Signal.MISSING_HEARTBEAT)


def _build(rng: Rng) -> Defect:
    where = Where(build=_one(rng, _BUILDS))
    return _defect(rng, where, _share(rng, 0.03, 0.5), rng.uniform(1, 12), Signal.APP_CRASH)


def _broad(rng: Rng) -> Defect:
    return _defect(rng, Where(), _share(rng, 0.02, 0.3), rng.uniform(1, 12), Signal.SERVICE_FAILURE)


def _logon(rng: Rng) -> Defect:
    where = Where(servers=True)
    return _defect(rng, where, _share(rng, 0.1, 0.6), rng.uniform(2, 12), Signal.FAILED_LOGON)


def _slow(rng: Rng) -> Defect:
    where = Where(build=_one(rng, _BUILDS)) if rng.random() < 0.6 else Where(servers=True)
    signal = Signal.PERFORMANCE if rng.random() < 0.5 else Signal.SERVICE_FAILURE
    return _defect(rng, where, _share(rng, 0.05, 0.6), rng.uniform(72, 144), signal)


def _installs(rng: Rng) -> Defect:
    where = Where(build=_one(rng, _BUILDS))
    return _defect(rng, where, _share(rng, 0.1, 0.6), 1.0, Signal.INSTALL_FAILURE, ticket=0.05)


def _tickets(rng: Rng) -> Defect:
    """Printing, a menu that is gone: only people notice."""
    where = Where(build=_one(rng, list(kinds.CLIENT_BUILDS)))
    shows = {str(Signal.TICKET): round(rng.uniform(0.2, 0.5), 2)}
    return Defect(share=_share(rng, 0.05, 0.4), signals=shows, where=where, onset_h=rng.uniform(4, 24))


def _narrow(rng: Rng) -> Defect:
    """One role on one build."""
    where = Where(role=_one(rng, _SERVER_ROLES), build=_one(rng, list(kinds.SERVER_BUILDS)))
    return _defect(rng, where, _share(rng, 0.3, 1.0), rng.uniform(1, 6), Signal.MISSING_HEARTBEAT)


def _app_on_build(rng: Rng) -> Defect:
    where = Where(app=_one(rng, _CLIENT_APPS), build=_one(rng, list(kinds.CLIENT_BUILDS)))
    return _defect(rng, where, _share(rng, 0.1, 0.9), rng.uniform(1, 30), Signal.APP_CRASH)


def _creeping(rng: Rng) -> Defect:
    """A leak: the weeks differ more between devices, and two signals show it half the time each."""
    where = Where(servers=bool(rng.random() < 0.5))
    shows = {str(Signal.PERFORMANCE): 0.6, str(Signal.SERVICE_FAILURE): 0.5, str(Signal.TICKET): 0.2}
    onset = rng.uniform(60, 160)
    return Defect(share=_share(rng, 0.04, 0.5), signals=shows, where=where, onset_h=onset, onset_spread=0.9)


def _many_signals(rng: Rng) -> Defect:
    shows = {str(each): 0.35 for each in (Signal.APP_CRASH, Signal.PERFORMANCE, Signal.TICKET, Signal.SERVICE_FAILURE)}
    where = Where(build=_one(rng, _BUILDS))
    return Defect(share=_share(rng, 0.04, 0.5), signals=shows, where=where, onset_h=rng.uniform(2, 36))


FIRST: Mapping[str, Callable[[Rng], Defect]] = {
    "controllers": _controllers,
    "role": _role,
    "app": _app,
    "model": _model,
    "build": _build,
    "broad": _broad,
    "logon": _logon,
    "slow": _slow,
    "installs": _installs,
    "tickets": _tickets,
}
OTHER: Mapping[str, Callable[[Rng], Defect]] = {
    "controllers": _controllers,
    "narrow": _narrow,
    "app_on_build": _app_on_build,
    "many_signals": _many_signals,
    "creeping": _creeping,
    "broad": _broad,
    "model": _model,
    "installs": _installs,
    "tickets": _tickets,
}
SLOW = frozenset({"slow", "creeping"})
