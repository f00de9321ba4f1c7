"""The tables of states are exactly these, and a move that is not in them changes nothing."""

from enum import StrEnum
from pathlib import Path

import pytest

from patchring.core import diagrams
from patchring.core.rollout.states import (
    ACTION,
    DEVICE,
    MACHINES,
    RING,
    ROLLOUT,
    ActionEvent,
    ActionState,
    DeviceEvent,
    DeviceState,
    IllegalMove,
    RingEvent,
    RingState,
    RolloutEvent,
    RolloutState,
    advance,
    rollout_after,
)

EDGES = {
    "rollout": """
        awaiting_approval approved running
        awaiting_approval rejected abandoned
        awaiting_approval abandoned abandoned
        running halted halted
        running finished completed
        running abandoned abandoned
        halted resumed running
        halted remedy_started rolling_back
        halted abandoned abandoned
        rolling_back remedy_done rolled_back
        rolling_back abandoned abandoned
        completed halted halted
        completed reopened running
    """,
    "ring": """
        waiting opened open
        waiting soak_started soaking
        waiting passed passed
        waiting halted halted
        open soak_started soaking
        open passed passed
        open halted halted
        soaking passed passed
        soaking halted halted
        passed halted halted
        halted resumed open
    """,
    "device-patch": """
        waiting offered offered
        waiting skipped skipped
        waiting verified verified
        offered withdrawn waiting
        offered not_started offered
        offered permitted permitted
        offered started installing
        offered failed failed
        offered skipped skipped
        permitted not_started offered
        permitted started installing
        permitted failed failed
        installing installed installed
        installing reboot_needed reboot_pending
        installing failed failed
        installed reboot_needed reboot_pending
        installed verified verified
        installed failed failed
        reboot_pending rebooted installed
        reboot_pending failed failed
        verified rollback_started rolling_back
        failed rollback_started rolling_back
        installed rollback_started rolling_back
        reboot_pending rollback_started rolling_back
        rolling_back rolled_back rolled_back
        rolling_back rollback_failed rollback_failed
        rollback_failed rollback_started rolling_back
    """,
    "action": """
        offered permitted permitted
        offered not_started offered
        offered failed failed
        offered withdrawn withdrawn
        permitted not_started offered
        permitted started started
        permitted finished finished
        permitted failed failed
        started reboot_needed reboot_pending
        started finished finished
        started failed failed
        reboot_pending finished finished
        reboot_pending failed failed
    """,
}


@pytest.mark.parametrize("machine", sorted(EDGES))
def test_the_edges_are_exactly_these(machine: str) -> None:
    """A new edge is a decision about what may happen to somebody's computer: it is written down twice."""
    expected = {tuple(line.split()) for line in EDGES[machine].strip().splitlines()}
    assert {tuple(map(str, edge)) for edge in MACHINES[machine]} == expected


TABLES = [
    ("rollout", ROLLOUT, RolloutState, RolloutEvent),
    ("ring", RING, RingState, RingEvent),
    ("device-patch", DEVICE, DeviceState, DeviceEvent),
    ("action", ACTION, ActionState, ActionEvent),
]


@pytest.mark.parametrize(("machine", "table", "states", "events"), TABLES, ids=lambda each: str(each)[:12])
def test_every_other_move_raises(machine: str, table: dict, states: type[StrEnum], events: type[StrEnum]) -> None:
    """All pairs of state and event: the table's answer, or IllegalMove."""
    for state in states:
        for event in events:
            if (state, event) in table:
                assert advance(machine, table, state, event) is table[state, event]
            else:
                with pytest.raises(IllegalMove, match=f"{machine} in state {state}"):
                    advance(machine, table, state, event)


@pytest.mark.parametrize(("machine", "table", "states", "events"), TABLES, ids=lambda each: str(each)[:12])
def test_every_state_is_reached_and_every_event_used(
    machine: str, table: dict, states: type[StrEnum], events: type[StrEnum]
) -> None:
    """Nothing in the tables is dead."""
    first = next(iter(table))[0]
    reached = {first}
    while more := {after for (before, _), after in table.items() if before in reached} - reached:
        reached |= more
    assert reached == set(states)
    assert {event for _, event in table} == set(events)


def test_an_illegal_move_says_what_was_possible() -> None:
    """The message names what was expected."""
    with pytest.raises(IllegalMove) as raised:
        rollout_after(RolloutState.ROLLED_BACK, RolloutEvent.RESUMED)
    assert str(raised.value) == "rollout in state rolled_back: expected nothing: this is an end; got resumed"


def test_the_diagrams_are_drawn_from_the_tables() -> None:
    """`python -m patchring.core.diagrams > docs/states.md` when this fails."""
    drawn = Path(__file__).parents[2] / "docs" / "states.md"
    assert drawn.read_text(encoding="utf-8") == diagrams.page()
