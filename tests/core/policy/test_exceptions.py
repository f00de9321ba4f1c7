"""Exceptions and deferrals: what they keep back, until when, and what reopens them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from patchring.core.devices import DeviceFacts
from patchring.core.policy.condition import Condition
from patchring.core.policy.exceptions import ExceptionState, about, ends_at, exception_for, exceptions_of, next_end
from patchring.core.policy.model import ExceptionKind, PolicyException
from patchring.core.policy.people import PeopleRules, Person
from tests.core.builders import NOW, device, patch, policy

KEPT = PolicyException(
    name="till software",
    kind=ExceptionKind.EXCEPTION,
    patches=(Condition("package", ("web",)),),
    devices=(Condition("group", ("tills",)),),
    owner="ada",
    accepted_by="kim",
    reason="the till breaks",
    control="no mail on tills",
    until_on=date(2026, 11, 30),
    due_on=date(2026, 11, 1),
    renewals=2,
    line=7,
    layer="tenant",
)
POLICY = policy(
    exceptions=(KEPT,), people=PeopleRules(people={"ada": Person("ada", "Ada Lovelace", "ada@example.org")})
)
TILL = device(groups=frozenset({"tills"}))
END = datetime(2026, 12, 1, tzinfo=UTC)


def test_it_keeps_back_what_it_names() -> None:
    """With owner, who accepted, what is done instead, the day it was due, how often it was renewed."""
    found = exception_for(POLICY, patch(), TILL, NOW)
    assert found is not None
    assert (found.exception, found.state, found.ends_at) == (KEPT, ExceptionState.IN_FORCE, END)
    assert found.reason.code == "exception_in_force"
    assert found.reason.text == (
        "exception till software (tenant, line 7) keeps it back until the end of 2026-11-30 (UTC): the till breaks; "
        "owner: Ada Lovelace; accepted by: kim; instead: no mail on tills; without it due on 2026-11-01; "
        "renewed 2 times"
    )
    assert found.reason.numbers == {"until": "2026-11-30", "renewals": "2"}


def test_a_deferral_says_what_it_is() -> None:
    """Renewed once, and never: said or left out."""
    deferral = replace(KEPT, kind=ExceptionKind.DEFERRAL, due_on=None, renewals=1)
    found = exception_for(replace(POLICY, exceptions=(deferral,)), patch(), TILL, NOW)
    assert found is not None
    assert found.reason.code == "deferral_in_force"
    assert found.reason.text.startswith("deferral till software (tenant, line 7) keeps")
    assert found.reason.text.endswith("instead: no mail on tills; renewed once")
    never = exception_for(replace(POLICY, exceptions=(replace(deferral, renewals=0),)), patch(), TILL, NOW)
    assert never is not None
    assert never.reason.text.endswith("instead: no mail on tills")


@pytest.mark.parametrize(("name", "there"), [("other", TILL), ("web", device())])
def test_it_says_nothing_of_others(name: str, there: DeviceFacts) -> None:
    """Another patch, another device."""
    assert exceptions_of(POLICY, patch(name=name), there, NOW) == ()


def test_it_lapses_after_its_last_day() -> None:
    """The last moment of the day still counts; midnight does not."""
    assert exception_for(POLICY, patch(), TILL, END - timedelta(microseconds=1)) is not None
    assert exception_for(POLICY, patch(), TILL, END) is None
    [lapsed] = exceptions_of(POLICY, patch(), TILL, END)
    assert (lapsed.state, lapsed.reason.code) == (ExceptionState.LAPSED, "exception_lapsed")
    assert lapsed.reason.text == (
        "exception till software (tenant, line 7) lapsed at the end of 2026-11-30, so nothing is kept back by it"
    )


def test_the_day_is_that_of_the_zone_given() -> None:
    """Berlin's last day ends an hour before that of UTC."""
    berlin = ZoneInfo("Europe/Berlin")
    assert ends_at(KEPT, berlin) == END - timedelta(hours=1)
    assert exception_for(POLICY, patch(), TILL, END - timedelta(minutes=30), berlin) is None
    found = exception_for(POLICY, patch(), TILL, NOW, berlin)
    assert found is not None
    assert "(Europe/Berlin)" in found.reason.text


def test_it_reopens_for_what_is_exploited() -> None:
    """At once, and says so."""
    exploited = patch(exploited=True)
    assert exception_for(POLICY, exploited, TILL, NOW) is None
    [reopened] = exceptions_of(POLICY, exploited, TILL, NOW)
    assert (reopened.state, reopened.reason.code) == (ExceptionState.REOPENED, "exception_reopened")
    assert reopened.reason.text == (
        "exception till software (tenant, line 7) was reopened: web 2 is known to be exploited, so it counts no more"
    )
    [untitled] = exceptions_of(POLICY, replace(exploited, title=""), TILL, NOW)
    assert "apt:web=2 is known" in untitled.reason.text
    [both] = exceptions_of(POLICY, exploited, TILL, END)
    assert both.state is ExceptionState.LAPSED


def test_the_first_in_force_counts() -> None:
    """One that lapsed does not hide one that is in force."""
    lapsed = replace(KEPT, name="old", until_on=date(2026, 11, 1))
    second = replace(KEPT, name="second")
    both = replace(POLICY, exceptions=(lapsed, second, KEPT))
    found = exception_for(both, patch(), TILL, NOW)
    assert found is not None
    assert found.exception == second


def test_when_the_next_one_lapses() -> None:
    """Of those that name the patch, whatever the device; one that has lapsed is not to come."""
    late = replace(KEPT, until_on=date(2026, 12, 24))
    other = replace(KEPT, patches=(Condition("package", ("mail",)),), until_on=date(2026, 11, 25))
    named = about(replace(POLICY, exceptions=(late, other, KEPT)), patch())
    assert named == (late, KEPT)
    assert next_end(named, NOW) == END
    assert next_end(named, END) == datetime(2026, 12, 25, tzinfo=UTC)
    assert next_end(named, datetime(2026, 12, 25, tzinfo=UTC)) is None
