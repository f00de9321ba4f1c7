"""Which values of a text are otherwise: told once, with the layer that sets them."""

from dataclasses import replace
from datetime import time

from patchring.core.policy.compare import changed_values
from patchring.core.policy.condition import Source
from patchring.policyfile import load
from tests.core.builders import policy
from tests.core.policy.test_compare import NIGHT

LAYERED = """\
patchring: 1
layer: baseline
title: Small
automation: observe
rings:
  - {name: first, soak: {time: 1d, verified: 2}}
  - {name: second, soak: {time: 2d, verified: 5}}
windows:
  any time: {any_time: yes}
segments:
  - {name: servers, when: {class: server}, ring: 1, window: any time, remedy: back}
  - {name: rest, ring: 1, window: any time, remedy: back}
approvals:
  - {name: all, segments: [servers, rest], decide: hold}
on_failure: {failed_max: 1, halt: ring}
remedies:
  back: {steps: [return_to_prior]}
"""


def told(before: str, after: str) -> list[tuple[str, str, str, str]]:
    return [(each.path, each.before, each.after, each.layer) for each in changed_values(load(before), load(after))]


def test_a_site_is_told_by_what_it_has_otherwise() -> None:
    """Not by what its row repeats, and not by rules that now name the row beside the one it was made from."""
    north = "---\npatchring: 1\nlayer: site North\nsegments:\n  - {name: rest, reboot: never}\n"
    path = "segments.rest @ site North.reboot"
    assert told(LAYERED, LAYERED + north) == [(path, "", "never", "site North")]
    assert told(LAYERED + north, LAYERED) == [(path, "never", "", "site North")]
    always = north.replace("never", "always")
    assert told(LAYERED + north, LAYERED + always) == [(path, "never", "always", "site North")]


def test_a_row_that_is_new_or_gone_is_told_by_what_was_written() -> None:
    """What is usual goes without saying; segments are told by their names, in no order."""
    row = "  - {name: few, segments: [servers, rest], decide: review}\n"
    more = LAYERED.replace("on_failure", f"{row}on_failure")
    path = "approvals.few"
    assert told(LAYERED, more) == [
        (f"{path}.decide", "", "review", "baseline"),
        (f"{path}.segments", "", "rest, servers", "baseline"),
    ]
    assert told(more, LAYERED) == [
        (f"{path}.decide", "review", "", "baseline"),
        (f"{path}.segments", "rest, servers", "", "baseline"),
    ]
    assert told(more, more.replace("[servers, rest], decide: review", "[rest, servers], decide: review")) == []


def test_the_order_of_steps_is_a_change() -> None:
    """What is tried first is not what is tried second; only segments stand in no order."""
    one = LAYERED.replace("[return_to_prior]", "[return_to_prior, uninstall]")
    other = LAYERED.replace("[return_to_prior]", "[uninstall, return_to_prior]")
    path = "remedies.back.steps"
    assert told(one, other) == [(path, "return_to_prior, uninstall", "uninstall, return_to_prior", "baseline")]


def test_values_are_told_with_the_layer_that_sets_them() -> None:
    sources = {"windows.night.start": Source("tenant", 7), "windows.night.lasts": Source("baseline", 3)}
    before = replace(policy(), windows={"night": NIGHT}, sources=sources)
    after = replace(before, windows={"night": replace(NIGHT, start=time(23))})
    [change] = changed_values(before, after)
    assert (change.path, change.before, change.after, change.layer) == (
        "windows.night.start",
        "22:00",
        "23:00",
        "tenant",
    )
