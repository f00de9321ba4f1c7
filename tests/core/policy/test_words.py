"""The words of the text, which policies that were signed long ago still say, and what counts where they say nothing."""

from dataclasses import replace
from datetime import date, time, timedelta
from enum import StrEnum

import pytest

from patchring.core.policy import calendar, exceptions, handling, model, people, proposals, reception
from patchring.core.policy.condition import Condition
from patchring.policyfile import load
from tests.core.builders import policy
from tests.core.policy.whole import SMALL

WORDS: dict[type[StrEnum], str] = {
    model.Automation: "observe recommend approve_first automatic",
    model.Outcome: "auto expedite review hold block",
    model.HaltScope: "ring rollout tenant patch",
    model.Authority: "msp client vendor scanner",
    model.ExceptionKind: "deferral exception",
    calendar.ShortMonth: "skip last_day",
    calendar.CatchUp: "next_window when_seen",
    calendar.Staffing: "none on_call on_shift",
    handling.RebootRule: "never if_required always",
    handling.RemedyScope: "failed installed",
    handling.RemedyStep: "return_to_prior uninstall vendor_workaround revert_snapshot restore_backup",
    handling.StepKind: "check_backup drain stop_service start_service maintenance_mode",
    handling.RelationKind: "needs conflicts shares",
    handling.Superseded: "finish replace restart",
    people.Duty: "first_line patch_administrator service_desk_lead vcio client_contact",
    people.Cadence: "weekly monthly quarterly",
    people.Stability: "stable normal fragile",
    reception.ProposalKind: "hold expedite approve",
    reception.Reception: "take review refuse",
    exceptions.ExceptionState: "in_force lapsed reopened",
    proposals.AnswerState: "taken open refused accepted declined",
}


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_the_words_stay(kind: type[StrEnum]) -> None:
    """A word that changed would make another policy of a signed one, and of what is stored."""
    assert " ".join(kind) == WORDS[kind]


DAY = timedelta(days=1)
WEB, BOX, KEV = (Condition(*each) for each in (("package", ("web",)), ("name", ("box",)), ("exploited", ("yes",))))
MAIL = Condition("package", ("mail",))


def test_a_short_text_means_what_values_mean_that_nobody_gave() -> None:
    """The language and the rules have the same idea of what is usual."""
    usual = model.Policy(
        title="Small",
        automation=model.Automation.OBSERVE,
        rings=(
            model.Ring(0, "first", model.Soak(DAY, 2), 3, 50),
            model.Ring(1, "second", model.Soak(2 * DAY, 5), 3, 50),
        ),
        segments=(
            model.SegmentRule(
                "rest", (), 1, "night", handling.RebootRule.IF_REQUIRED, "back", line=10, layer="policy", base="rest"
            ),
        ),
        windows={"night": calendar.Window("night", "FREQ=DAILY", time(22), timedelta(hours=4))},
        blackouts=(calendar.Blackout("fair", date(2026, 12, 20), date(2026, 12, 31)),),
        approvals=(model.ApprovalRule("all", (), model.Outcome.HOLD, line=12, layer="policy"),),
        limits=model.Limits(),
        on_failure=model.OnFailure(1, model.HaltScope.RING),
        remedies={
            "back": handling.Remedy("back", (handling.RemedyStep.RETURN_TO_PRIOR,), handling.RemedyScope.FAILED)
        },
        urgency=(model.UrgencyRule("now", (KEV,), soak_max=timedelta(minutes=30), line=14, layer="policy"),),
        exceptions=(
            model.PolicyException(
                "old", model.ExceptionKind.DEFERRAL, (WEB,), (BOX,), "ann", "ann", "it breaks", "none is needed",
                date(2026, 12, 1), line=25, layer="policy",
            ),
        ),
        reboots={"gentle": handling.RebootPlan("gentle", handling.RebootRule.IF_REQUIRED)},
        people=people.PeopleRules({"ann": people.Person("ann", "Ann Lee", "ann@msp.example")}),
        relations=(
            handling.Relation(
                "tls", handling.RelationKind.SHARES, (MAIL,), component="openssl", line=28, layer="policy"
            ),
        ),
        layers=("policy",),
    )  # fmt: skip
    assert replace(load(SMALL), fingerprint="", sources={}) == usual


def test_what_nobody_wrote_stands_nowhere() -> None:
    """Values without a text have line 0 of no layer, and are as near as all others."""
    segment = model.SegmentRule("s", (), 1, "any", handling.RebootRule.NEVER, "back")
    approval = model.ApprovalRule("a", (), model.Outcome.HOLD)
    urgency, relation = model.UrgencyRule("u", ()), handling.Relation("r", handling.RelationKind.NEEDS, ())
    excepted = model.PolicyException(
        "e", model.ExceptionKind.DEFERRAL, (), (), "ann", "ann", "why", "instead", date(2026, 12, 1)
    )
    rows = [segment, approval, urgency, relation, excepted]
    assert [(row.line, row.layer) for row in rows] == [(0, "")] * 5
    assert (segment.base, segment.reboot_plan, segment.automation, approval.nearness) == ("", "", None, 0)
    assert (relation.older_than, relation.component, handling.AroundStep(handling.StepKind.DRAIN).subject) == (
        "",
        "",
        "",
    )
    assert (policy().fingerprint, policy().layers, policy().sources) == ("", (), {})


def test_a_download_is_careful_where_nobody_says_more() -> None:
    """In its window, never over what is paid for by volume, with some battery and 2 GiB left."""
    assert handling.Downloads() == handling.Downloads(timedelta(0), False, None, 30, 2048)


def test_a_segment_is_known_by_its_name() -> None:
    """Its own level of automation counts, or else the policy's; a name that nobody has is no segment."""
    usual = policy()
    watched = replace(usual.segments[1], name="watched", automation=model.Automation.OBSERVE)
    known = replace(usual, segments=(*usual.segments, watched))
    assert [known.segment(name) for name in ("rest", "watched", "gone")] == [usual.segments[1], watched, None]
    assert [known.automation_of(name) for name in ("rest", "watched", "gone")] == [
        model.Automation.AUTOMATIC, model.Automation.OBSERVE, model.Automation.AUTOMATIC,
    ]  # fmt: skip
