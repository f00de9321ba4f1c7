"""Restarts: warned, postponed within a budget, forced at the deadline, one slot after the other."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from patchring.core.policy.calendar import Window
from patchring.core.policy.handling import RebootPlan, RebootRule
from patchring.core.reason import Reason
from patchring.core.schedule.occurrence import Occurrence
from patchring.core.schedule.restarts import Held, Restart, Turn, Waiting, restart, turn
from patchring.core.schedule.windows import next_window, open_window

HOUR, TEN = timedelta(hours=1), timedelta(minutes=10)
NIGHTLY = Window("night", "FREQ=DAILY", time(22), 4 * HOUR)
ANY = Window("any", "", time(0), timedelta(0))
WARNED_AT = datetime(2026, 11, 23, 14, tzinfo=UTC)


def plan(name: str = "people", **given: object) -> RebootPlan:
    return RebootPlan(name, RebootRule.IF_REQUIRED, **given)  # type: ignore[arg-type]


def found(window: Window, used: RebootPlan, deferrals: int = 0, to: datetime | None = None) -> Restart | None:
    def open_at_or_after(at: datetime) -> Occurrence | None:
        return open_window(window, UTC, at) or next_window(window, UTC, at)

    return restart(used, WARNED_AT, TEN, open_at_or_after, deferrals, to)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


PEOPLE = plan(warnings=(HOUR, timedelta(minutes=5)), deferrals=2, deadline=timedelta(hours=48))


def test_it_comes_in_the_first_window_after_the_longest_warning() -> None:
    assert found(NIGHTLY, PEOPLE) == Restart(at(23, 22), (at(23, 21), at(23, 21, 55)), 2, True, at(25, 1, 50))
    soon = found(ANY, PEOPLE)
    assert soon is not None
    assert (soon.at, soon.warnings) == (at(23, 15), (at(23, 14), at(23, 14, 55)))


def test_it_may_be_postponed_as_often_as_the_budget_says_and_not_beyond_the_deadline() -> None:
    once = found(NIGHTLY, PEOPLE, 1, at(24, 9))
    assert once is not None
    assert (once.at, once.deferrals_left, once.may_postpone) == (at(24, 22), 1, True)
    twice = found(NIGHTLY, PEOPLE, 2, at(30, 9))
    assert twice is not None
    assert (twice.at, twice.deferrals_left, twice.may_postpone) == (at(25, 1, 50), 0, False)
    thrice = found(NIGHTLY, PEOPLE, 3, at(30, 9))
    assert thrice is not None
    assert thrice.at == at(23, 22), "a postponement beyond the budget is none"


def test_the_deadline_is_hard() -> None:
    """Without a window before it, it comes at the deadline itself; without a deadline nothing forces it."""
    never = Window("past", "FREQ=DAILY;UNTIL=20200101", time(2), HOUR)
    forced = found(never, PEOPLE)
    assert forced is not None
    assert (forced.at, forced.forced_at) == (at(25, 14), at(25, 14))
    assert found(never, plan(deferrals=2)) is None
    short = Window("short", "FREQ=DAILY", time(2), timedelta(minutes=5), begins_on=date(2026, 1, 1))
    assert found(short, plan()) is None, "nine minutes less than it takes, every night"


def device(number: int) -> UUID:
    return UUID(int=number)


def test_lower_orders_restart_first_and_the_next_wait_until_they_are_healthy() -> None:
    first, second = plan("database", order=1), plan("web", order=2)
    waiting = [Waiting(device(3), second), Waiting(device(1), first), Waiting(device(2), first)]
    assert turn(waiting, [], WARNED_AT) == Turn((device(1), device(2)), {})
    held = [Held(device(1), first, WARNED_AT)]
    assert turn(waiting[:1], held, WARNED_AT + TEN).may_restart == ()
    assert turn(waiting[:1], [], WARNED_AT + TEN).may_restart == (device(3),)


def test_never_more_at_once_than_the_plan_says() -> None:
    two = plan("pair", at_once_max=2)
    waiting = [Waiting(device(number), two) for number in (4, 3, 2)]
    assert turn(waiting, [], WARNED_AT).may_restart == (device(2), device(3))
    assert turn(waiting, [Held(device(1), two, WARNED_AT)], WARNED_AT).may_restart == (device(2),)
    assert turn(waiting, [], WARNED_AT, unhealthy={device(2)}).may_restart == (device(3), device(4))


def test_one_that_does_not_come_back_keeps_its_slot_and_tells_somebody() -> None:
    """Fifteen minutes are allowed; after that nobody else of the group restarts by itself."""
    used = plan("pair", at_once_max=2)
    held, waiting = [Held(device(1), used, WARNED_AT)], [Waiting(device(2), used)]
    assert turn(waiting, held, WARNED_AT + timedelta(minutes=15)) == Turn((device(2),), {})
    late = turn(waiting, held, WARNED_AT + timedelta(minutes=16))
    assert late.may_restart == ()
    text = "restarted 16 minutes ago and not healthy since; pair allows 15"
    assert {key: why.text for key, why in late.alarms.items()} == {device(1): text}


def test_without_warnings_it_comes_at_once() -> None:
    """In a window that is open; as often postponed as the budget says, where nothing forces it."""
    assert restart(plan(deferrals=1), WARNED_AT, TEN, lambda at: open_window(ANY, UTC, at)) == Restart(
        WARNED_AT, (), 1, True, None
    )
    assert found(ANY, plan(deferrals=1), 1) == Restart(WARNED_AT, (), 0, False, None)
    assert found(ANY, plan(deferrals=1), 5) == Restart(WARNED_AT, (), 0, False, None)


def test_what_is_due_at_the_deadline_is_not_postponed() -> None:
    """Nothing is left between it and the deadline, whatever the budget."""
    hard = plan(deferrals=2, deadline=timedelta(hours=8))
    assert found(NIGHTLY, hard) == Restart(at(23, 22), (), 2, False, at(23, 22))


def test_it_is_forced_at_the_last_moment_at_which_it_fits() -> None:
    """In the window that opens at the deadline itself; in one just as long as it takes; never in one too short."""
    opening = found(NIGHTLY, plan(deadline=timedelta(hours=32)))
    assert opening is not None
    assert opening.forced_at == at(24, 22)
    fits = Window("fits", "FREQ=DAILY", time(22), TEN)
    exact = found(fits, plan(deadline=timedelta(hours=24)))
    assert exact is not None
    assert (exact.at, exact.forced_at) == (at(23, 22), at(23, 22))
    short = found(Window("short", "FREQ=DAILY", time(22), timedelta(minutes=9)), plan(deadline=timedelta(hours=24)))
    assert short is not None
    assert (short.at, short.forced_at) == (at(24, 14), at(24, 14))


def test_an_alarm_has_its_kind_and_its_numbers() -> None:
    used = plan("pair", at_once_max=2)
    late = turn([], [Held(device(1), used, WARNED_AT)], WARNED_AT + timedelta(minutes=16))
    text = "restarted 16 minutes ago and not healthy since; pair allows 15"
    numbers = {"minutes": "16", "allowed": "15"}
    assert late == Turn((), {device(1): Reason("restart_not_healthy", text, numbers)})
