"""The bookkeeping of a simulated fleet comes to what core says of each device by itself."""

import numpy as np
import pytest

from patchring.core.gate.expectation import Control, Past, daily_rate
from patchring.core.gate.onset import matured
from patchring.core.gate.priors import kind_past
from patchring.core.gate.sequential import Evidence, Step
from patchring.core.gate.signals import RULES, Signal
from patchring.sim.trials.engine import INSTALL_FAILURE, Hour, Orders, run
from patchring.sim.trials.fleet import make_fleet
from patchring.sim.trials.kinds import ROLES, SIGNALS
from patchring.sim.trials.pairs import Pair, Seen
from patchring.sim.trials.scenario import Defect, FleetSpec, PatchSpec, Scenario
from patchring.sim.trials.watch import Watch, _ratio, _shrunk
from patchring.sim.trials.world import NEVER, World, make_world

SPEC = FleetSpec(devices=300, tenants=5, internal=10)
FLEET = make_fleet(SPEC)
DEFECT = Defect(share=0.3, signals={Signal.SERVICE_FAILURE: 1.0}, onset_h=8)


def world(hours: int = 72) -> World:
    patch = PatchSpec(defects=(DEFECT,))
    return make_world(Scenario(name="watch", patch=patch, fleet=SPEC, hours=hours), 4, FLEET)


def test_rates_are_those_of_core() -> None:
    found = world()
    rates = _shrunk(found)
    for device in range(0, 300, 7):
        of_role = FLEET.role == FLEET.role[device]
        for number, signal in enumerate(SIGNALS):
            if number == INSTALL_FAILURE:
                continue
            kind = kind_past(signal, Past(float(found.history[of_role, number].sum()), float(of_role.sum()) * 28))
            own = Past(float(found.history[device, number]), 28)
            assert rates[device, number] == pytest.approx(daily_rate(own, kind)), (ROLES[FLEET.role[device]], signal)


@pytest.mark.parametrize(("seen", "usual"), [(0, 0), (5, 1), (10_000, 3), (0, 500)])
def test_the_ratio_to_the_control_is_that_of_core(seen: float, usual: float) -> None:
    assert _ratio(np.array(seen), np.array(usual)) == pytest.approx(Control(seen, usual).ratio)


class _Few:
    """Lets ten devices an hour go, whatever happens, and adds the ages up by hand."""

    def __init__(self, found: World) -> None:
        self.watch, self.stage = Watch(found), np.zeros(FLEET.size, dtype=int)
        self.since: dict[int, int] = {}

    def look(self, hour: Hour) -> Orders:
        self.since.update((int(device), hour.at - 1) for device in hour.installed)
        before = self.watch.matured[0].copy()
        self.watch.look(hour, np.zeros(FLEET.size, dtype=np.bool_))
        ages = [(float(hour.at - 1 - since), float(hour.at - since), 1) for since in self.since.values()]
        by_hand = matured((begin, end, count) for begin, end, count in ages if begin >= 0)
        assert self.watch.matured[0] - before == pytest.approx(by_hand), hour.at
        return Orders(np.flatnonzero(hour.open)[:10].astype(np.int32))


def test_what_matures_is_what_core_adds_up_device_by_device() -> None:
    found = world(260)
    few = _Few(found)
    run(found, few)
    assert len(few.since) > 250


def test_quiet_hours_fold_into_one_step() -> None:
    """Hour by hour, and with the quiet ones added up: the same evidence."""
    rng = np.random.default_rng(5)
    slow, pair = Evidence(), Pair(Signal.SERVICE_FAILURE)
    expected, due = 0.0, np.zeros(3)
    for _ in range(200):
        events = int(rng.random() < 0.1) + int(rng.random() < 0.05)
        mean, parts = float(rng.random() * 0.1), rng.random(3)
        slow = slow.after(Step(events, mean, (float(parts[0]), float(parts[1]), float(parts[2]))))
        if events:
            pair.add(Seen([1] * events, [1] * events, mean, parts, expected, due.copy()))
        expected, due = expected + mean, due + parts
    quick = pair.as_of(expected, due)
    assert quick.events == slow.events == pair.events
    assert quick.expected == pytest.approx(slow.expected)
    assert quick.logs == pytest.approx(slow.logs)


def test_what_is_explained_is_as_if_it_had_not_been_seen() -> None:
    held = np.zeros(10, dtype=np.bool_)
    held[3] = True
    parts = np.array([1.0, 0.0, 0.0])
    both, one = Pair(Signal.REBOOT_LOOP), Pair(Signal.REBOOT_LOOP)
    both.add(Seen([3], [1], 0.1, parts, 0.0, 0 * parts))
    for pair in (both, one):
        pair.add(Seen([4], [2], 0.1, parts, 0.5, 2 * parts))
    assert both.touches(held)
    left = both.without(held)
    assert not left.touches(held)
    assert (left.events, left.tenants) == (1, {2})
    assert left.as_of(1.0, 5 * parts) == one.as_of(1.0, 5 * parts)


def test_soft_signals_count_while_there_is_somebody_to_compare_with() -> None:
    """Everybody has the patch: an outage of a cloud would convict it."""
    found = world(24)
    watch = Watch(found)
    nothing = np.empty(0, dtype=np.int32)
    everybody = np.arange(FLEET.size, dtype=np.int32)
    is_open = np.ones(FLEET.size, dtype=np.bool_)
    silent = ~is_open

    def hour(at: int, signal: Signal, installed: np.ndarray) -> Hour:  # type: ignore[type-arg]
        numbers = np.full(20, SIGNALS.index(signal), dtype=np.int32)
        shown = everybody[:20] if at > 1 else nothing
        return Hour(at, is_open, is_open, shown, numbers[: len(shown)], *[nothing] * 2, installed, *[nothing] * 3)

    watch.look(hour(1, Signal.TICKET, everybody), silent)
    watch.look(hour(2, Signal.TICKET, nothing), silent)
    assert watch.pairs == {}
    watch.look(hour(3, Signal.REBOOT_LOOP, nothing), silent)
    assert {signal for _, signal in watch.pairs} == {SIGNALS.index(Signal.REBOOT_LOOP)}
    assert RULES[Signal.TICKET].soft
    assert (watch._since < NEVER).all()
