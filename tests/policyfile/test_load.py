"""A policy text is read strictly: every problem at once, each with its line, what was expected and what came."""

import hashlib
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.core.policy.calendar import Window
from patchring.core.policy.condition import Condition
from patchring.core.policy.handling import Remedy, RemedyScope, RemedyStep
from patchring.core.policy.model import Automation, Override
from patchring.policyfile import PolicyInvalid, fingerprint, json_schema, load

EXAMPLES = Path(__file__).parents[2] / "examples"
STANDARD = (EXAMPLES / "policies" / "standard.yaml").read_text(encoding="utf-8")
SMALL = """\
patchring: 1
title: Small
automation: automatic
rings:
  - {name: own, soak: {time: 1h, verified: 1}}
  - {name: rest, soak: {time: 1h, verified: 1}}
windows:
  night: {rule: FREQ=DAILY, start: "22:00", lasts: 4h}
segments:
  - {name: all, ring: 1, window: night, remedy: back}
approvals:
  - {name: debian, when: {provider: apt, origin: Debian}, decide: auto}
on_failure: {failed_max: 0, halt: patch}
remedies:
  back: {steps: [return_to_prior]}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyInvalid) as raised:
        load(text, "p.yaml")
    return str(raised.value).splitlines()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*.yaml")), ids=lambda path: path.name)
def test_every_example_is_valid(path: Path) -> None:
    """What ships as an example can be used as it is."""
    assert load(path.read_text(encoding="utf-8"), path.name).title


def test_what_is_read() -> None:
    """Names, durations, conditions and lines arrive in core's values."""
    found = load(STANDARD)
    assert (found.title, found.automation) == ("Standard", Automation.AUTOMATIC)
    assert [each.name for each in found.rings] == ["internal", "low risk", "production", "servers"]
    assert found.rings[1].soak.time == timedelta(days=1)
    assert found.windows["lunch"] == Window("lunch", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", time(12), timedelta(hours=2))
    assert found.windows["patch sunday"].days_after == 12
    assert found.remedies["standard"] == Remedy("standard", (RemedyStep.RETURN_TO_PRIOR,), RemedyScope.FAILED, True)
    controllers = found.segments[0]
    assert controllers.when == (Condition("role", ("domain_controller",)),)
    assert STANDARD.splitlines()[controllers.line - 1].strip() == "- name: domain controllers"
    assert found.automation_of("sensitive systems") is Automation.APPROVE_FIRST
    assert found.fingerprint == fingerprint(STANDARD)


@pytest.mark.parametrize("word", ["yes", "true", "True", "on", "y"])
def test_a_truth_is_written_in_a_condition_as_elsewhere(word: str) -> None:
    """`any_time: true` and `exploited: true`: whoever writes one so writes the other so."""
    text = SMALL.replace('rule: FREQ=DAILY, start: "22:00", lasts: 4h', f"any_time: {word}")
    found = load(text.replace("origin: Debian", f"origin: Debian, exploited: {word}, security: [no, off]"))
    assert found.windows["night"] == load(text).windows["night"]
    assert found.approvals[0].when[2:] == (Condition("exploited", ("yes",)), Condition("security", ("no", "no")))


def test_overrides_and_first_days() -> None:
    """A recorded override lets a demonstration soak for seconds; `begins` chooses the weeks."""
    text = SMALL.replace("time: 1h", "time: 5s").replace("rule: FREQ=DAILY,", "rule: FREQ=DAILY, begins: 2026-01-05,")
    assert problems(text) == [
        f"p.yaml:{line}: rings[{line - 5}].soak.time: expected 10m or more, got 5s; soak longer, or add an override "
        "`no_soak` by two people with a reason"
        for line in (5, 6)
    ]
    overridden = load(text + "overrides:\n  no_soak: {by: [Dana, Tomas], reason: shown to a client}\n")
    assert overridden.overrides == {"no_soak": Override(("Dana", "Tomas"), "shown to a client")}
    assert overridden.windows["night"].begins_on == date(2026, 1, 5)


def slips() -> list[tuple[str, str, list[str]]]:
    """(old, new, problems) of each section of slips.txt."""
    text = Path(__file__).with_name("slips.txt").read_text(encoding="utf-8")
    return [_slip(section.splitlines()) for section in text.split("\n#\n")[1:]]


def _slip(lines: list[str]) -> tuple[str, str, list[str]]:
    old, new = ("\n".join(line[1:] for line in lines if line.startswith(sign)) for sign in "-+")
    return old, new, [f"p.yaml:{line[2:]}" for line in lines if line.startswith("!")]


@pytest.mark.parametrize(("old", "new", "expected"), slips(), ids=lambda each: str(each)[:40])
def test_each_problem_has_its_line_and_advice(old: str, new: str, expected: list[str]) -> None:
    """One slip in a valid text: exactly its message."""
    assert SMALL.count(old) == 1
    assert problems(SMALL.replace(old, new)) == expected


def test_a_window_is_needed_from_ring_2_on() -> None:
    """R2: without a window no device is in ring 2 or above."""
    third = "  - {name: third, soak: {time: 1h, verified: 1}}\nwindows:"
    text = SMALL.replace("windows:", third).replace("ring: 1, window: night,", "ring: 2,")
    sentence = "a segment in ring 2 or above needs a window (`any_time: true` is one); name one with `window`"
    assert problems(text) == [f"p.yaml:11: segments[0]: {sentence}"]


def test_an_override_has_two_people() -> None:
    """The same person twice, however it is written, is one person."""
    text = SMALL + 'overrides:\n  no_soak: {by: [Dana W., "dana  w."], reason: shown to a client}\n'
    assert problems(text) == [
        "p.yaml:17: overrides.no_soak.by: expected two different people, got Dana W. and dana  w."
    ]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "- a", "[" * 20_000, "{a: " * 20_000, "\x00", "\ud800: 1", "a: 1\n---\nb: 2", "a" * 300_000, "&a [*a]"],
    ids=lambda text: f"{text[:8]!r}",
)
def test_what_is_no_policy_at_all(text: str) -> None:
    """Refused in one line, whatever it is."""
    assert len(problems(text)) == 1


@given(text=st.text(max_size=200) | st.text("{}[]:,-&*!?|>'\"\n #ab1", max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_policy_or_refused(text: str) -> None:
    """Nothing but PolicyInvalid ever comes out."""
    with pytest.raises(PolicyInvalid):
        load(text)
    assert len(fingerprint(text)) == 64


def test_what_the_fingerprint_is_of() -> None:
    """UTF-8 bytes after NFC, without byte-order mark, lines ended by a line feed; everything else counts."""
    assert fingerprint("a: \u00e9\n") == hashlib.sha256("a: \u00e9\n".encode()).hexdigest()
    assert fingerprint("\ufeffa: e\u0301\r\n") == fingerprint("a: \u00e9\n")
    assert fingerprint("a: 1 \n") != fingerprint("a: 1\n")
    assert fingerprint(SMALL + "# a remark\n") != fingerprint(SMALL)


def test_the_schema_knows_every_field() -> None:
    """Editors complete from it, and refuse what it does not name."""
    schema = json_schema()
    assert schema["additionalProperties"] is False
    assert {"rings", "segments", "approvals", "remedies"} <= set(schema["properties"])
    assert schema["$defs"]["BlackoutShape"]["required"] == ["name", "from", "to"]
    assert schema["$defs"]["SoakShape"]["properties"]["time"]["pattern"] == r"^\d{1,5}\s*(s|m|h|d)$"
