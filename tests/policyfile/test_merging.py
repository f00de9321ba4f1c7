"""What layers come to: each value that the nearest layer gave it, and the layer and line that set it."""

from datetime import date, time, timedelta

import pytest

from patchring.core.policy.condition import Condition, Source
from patchring.core.policy.model import ApprovalRule, Asked, Automation, Outcome
from patchring.core.policy.people import Duty
from patchring.policyfile import PolicyInvalid, check, load
from patchring.policyfile.errors import Problem, Severity
from tests.policyfile.test_layers import LAYERS, texts

STREAM = "---\n".join(texts().values())
POLICY = load(STREAM)


def rule(name: str) -> ApprovalRule:
    [found] = [each for each in POLICY.approvals if each.name == name]
    return found


def test_a_row_of_the_tenant_is_merged_over_the_baselines_and_asks_for_more() -> None:
    """What it does not say stays: the condition is the baseline's, the outcome and what is asked the tenant's."""
    assert rule("debian") == ApprovalRule(
        name="debian",
        when=(Condition("provider", ("apt",)), Condition("origin", ("Debian",)), Condition("security", ("yes",))),
        outcome=Outcome.REVIEW,
        line=10,
        layer="tenant",
        nearness=2,
        asked=Asked(people_min=2, due_within=timedelta(days=2)),
    )
    assert rule("tills").asked == Asked()


def test_rows_of_nearer_layers_stand_first_and_changed_rows_keep_their_place() -> None:
    assert [(each.name, each.layer) for each in POLICY.approvals] == [
        ("held in the lab @ group red", "group red"),
        ("curl", "tenant"),
        ("exploited", "baseline"),
        ("debian", "tenant"),
        ("tills", "baseline"),
    ]


def test_automation_of_a_site_is_for_its_devices_alone() -> None:
    """The site's till observes; every other row goes as far as the policy does."""
    levels = {each.name: POLICY.automation_of(each.name) for each in POLICY.segments}
    observing = {"tills @ site North", "tills @ site North @ group red"}
    assert {name for name, level in levels.items() if level is Automation.OBSERVE} == observing
    assert {level for name, level in levels.items() if name not in observing} == {Automation.AUTOMATIC}


def test_rings_limits_windows_and_duties_are_merged_key_by_key() -> None:
    """The tenant changes one number of a soak and keeps its time; the site's window starts an hour later."""
    own, rest = POLICY.rings
    assert (own.soak.verified_min, own.at_once_max) == (1, 50)
    assert (rest.soak.time, rest.soak.verified_min, rest.at_once_max) == (timedelta(hours=1), 2, 5)
    assert (POLICY.limits.site, POLICY.limits.at_sites) == (None, {"North": 3})
    starts = {name: (window.start, window.duration) for name, window in POLICY.windows.items()}
    assert starts == {
        "night": (time(22), timedelta(hours=4)),
        "night @ site North": (time(23), timedelta(hours=4)),
    }
    [vcio] = [step for step in POLICY.people.escalation if step.duty is Duty.VCIO]
    assert (vcio.person, vcio.deputy, vcio.acknowledge_within) == ("bob", "ann", timedelta(minutes=30))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("title", Source("tenant", 3)),
        ("automation", Source("baseline", 4)),
        ("rings.rest.soak.time", Source("baseline", 7)),
        ("rings.rest.soak.verified", Source("tenant", 5)),
        ("rings.rest.at_once", Source("tenant", 5)),
        ("windows.night.start", Source("baseline", 9)),
        ("windows.night @ site North.start", Source("site North", 4)),
        ("windows.night @ site North.lasts", Source("baseline", 9)),
        ("segments.tills.window", Source("baseline", 13)),
        ("segments.tills @ site North.automation", Source("site North", 8)),
        ("segments.tills @ site North.ring", Source("baseline", 13)),
        ("segments.lab @ group red.ring", Source("group red", 4)),
        ("approvals.debian.decide", Source("tenant", 10)),
        ("approvals.debian.people", Source("tenant", 10)),
        ("approvals.debian.due", Source("tenant", 10)),
        ("approvals.debian.when.security", Source("baseline", 17)),
        ("approvals.curl.when.package", Source("tenant", 9)),
        ("exceptions.old imager @ group red.until", Source("group red", 15)),
        ("escalation.vcio.person", Source("tenant", 7)),
        ("escalation.vcio.within", Source("baseline", 34)),
        ("client.constraints.no curl.kept_by", Source("tenant", 13)),
        ("limits.sites.North", Source("site North", 5)),
    ],
)
def test_every_value_knows_who_set_it(path: str, expected: Source) -> None:
    assert POLICY.sources[path] == expected


def test_every_line_named_is_a_line_of_its_layer_that_says_the_value() -> None:
    """No value names a line that is not there: the key, or the name of its row, stands in the line."""
    assert POLICY.layers == ("baseline", "tenant", "site North", "group red")
    lines = {layer: text.splitlines() for layer, text in zip(POLICY.layers, texts().values(), strict=True)}
    for path, source in POLICY.sources.items():
        key = path.rpartition(".")[2]
        said = "site" if path == "limits.sites.North" else key
        assert f"{said}:" in lines[source.layer][source.line - 1], path


def test_an_exception_of_a_group_is_for_its_devices_and_is_told_when_it_is_over() -> None:
    """On its last day nothing is said; without a day nothing is said of days."""
    [imager] = POLICY.exceptions
    assert (imager.name, imager.devices) == ("old imager @ group red", (Condition("group", ("red",)),))
    assert (imager.owner, imager.accepted_by, imager.renewals) == ("ann", "bob", 1)
    before_group = len("---\n".join(list(texts().values())[:-1]).splitlines()) + 1
    over = Problem(
        before_group + 15,
        "exceptions[0].until",
        "it was over after 2027-01-31; renew it, or take it away",
        Severity.WARNING,
        "p.yaml",
    )
    found = check(STREAM, "p.yaml", date(2027, 2, 1))
    assert (found.problems, found.warnings, found.errors) == ((over,), (over,), ())
    assert found.policy == POLICY
    assert check(STREAM, "p.yaml", date(2027, 1, 31)).problems == ()
    assert check(STREAM, "p.yaml").problems == ()


def test_a_device_in_two_groups_is_warned_of() -> None:
    """The first one written wins; the warning stands at the second."""
    text = f"{STREAM}---\npatchring: 1\nlayer: group blue\nwindows:\n  night: {{lasts: 3h}}\n"
    found = check(text, "p.yaml")
    sentence = "a device that is in red as well follows that layer alone, because it is written before"
    assert found.errors == ()
    assert [each.told() for each in found.warnings] == [
        f"p.yaml:{len(STREAM.splitlines()) + 3}: warning: layer: {sentence}"
    ]


@pytest.mark.parametrize("layer", LAYERS)
def test_the_order_of_layers_is_asked_for(layer: str) -> None:
    """A layer that is put last where it does not belong is refused; the group belongs there."""
    rest = [text for name, text in texts().items() if name != layer]
    moved = "---\n".join([*rest, texts()[layer]])
    if layer == "group":
        assert load(moved) == POLICY
        return
    with pytest.raises(PolicyInvalid) as refused:
        load(moved, "p.yaml")
    assert all("expected" in each.text for each in refused.value.problems)
    assert any("layer" in each.path for each in refused.value.problems)


def test_a_layer_that_says_nothing_changes_nothing() -> None:
    """Only its name is known; the fingerprint is another, because the text is."""
    told = load(f"{STREAM}---\npatchring: 1\nlayer: group blue\n")
    assert told.layers == (*POLICY.layers, "group blue")
    assert (told.segments, told.approvals, told.windows, told.exceptions, told.sources) == (
        POLICY.segments,
        POLICY.approvals,
        POLICY.windows,
        POLICY.exceptions,
        POLICY.sources,
    )
    assert told.fingerprint != POLICY.fingerprint
