"""The tables.

- A rule that lets patches go by itself names provider and origin: that is what devices can check again, and what is
  signed; without them it would decide and authorise nothing.
- A condition asks for a value that its field can have: `security: true` would never hold, because truth is written yes.
- Every name that a row refers to is there.
"""

from collections.abc import Mapping, Sequence

from patchring.core.policy.match import WORDS, can_match
from patchring.policyfile.checks.found import Found, known
from patchring.policyfile.checks.timing import REBOOT_WORDS
from patchring.policyfile.missing import numbered
from patchring.policyfile.pages import Location
from patchring.policyfile.shapes.placing import SegmentShape
from patchring.policyfile.shapes.whole import PolicyShape

_WITH_SUBJECT = ("check_backup", "stop_service", "start_service")


def of_segments(shape: PolicyShape) -> Found:
    for number, segment in enumerate(shape.segments):
        at = ("segments", number)
        if segment.ring >= len(shape.rings):
            there = numbered([ring.name for ring in shape.rings])
            yield (*at, "ring"), f"there is no ring {segment.ring}; rings count from 0, and there are {there}"
        if segment.window and segment.window not in shape.windows:
            text = f"there is no window {segment.window!r}; {known(shape.windows, segment.window)}"
            yield (*at, "window"), text
        if not segment.window and segment.ring >= 2:
            yield at, "a segment in ring 2 or above needs a window (`any_time: true` is one); name one with `window`"
        if segment.remedy not in shape.remedies:
            text = f"there is no remedy {segment.remedy!r}; {known(shape.remedies, segment.remedy)}"
            yield (*at, "remedy"), text
        if segment.reboot not in (*REBOOT_WORDS, *shape.reboots):
            text = known((*REBOOT_WORDS, *shape.reboots), segment.reboot)
            yield (*at, "reboot"), f"there is no reboot plan {segment.reboot!r}; {text}"
        yield from _around(at, segment)
        yield from conditions((*at, "when"), segment.when)


def _around(at: Location, segment: SegmentShape) -> Found:
    for number, step in enumerate(segment.around):
        for kind, subject in step.items():
            if kind in _WITH_SUBJECT and not subject.strip():
                example = "an age such as 24h" if kind == "check_backup" else "the name of a service"
                yield (*at, "around", number), f"{kind} needs {example}, as in `{kind}: ...`"


def of_approvals(shape: PolicyShape) -> Found:
    segments = [segment.name for segment in shape.segments]
    for number, rule in enumerate(shape.approvals):
        at = ("approvals", number)
        yield from _segments(at, rule.segments, segments)
        missing = [key for key in ("provider", "origin") if not _names_something(rule.when.get(key, []))]
        if rule.decide in ("auto", "expedite") and missing:
            text = f"a rule that decides {rule.decide} says where patches come from, because devices check that again"
            yield (*at, "when"), f"{text}; add {' and '.join(missing)}"
        if rule.decide in ("auto", "expedite") and (rule.people > 1 or rule.consent):
            text = f"nobody is asked where a rule decides {rule.decide}; write `decide: review`, or take it away"
            yield (*at, "people" if rule.people > 1 else "consent"), text
        yield from conditions((*at, "when"), rule.when)


def of_urgency(shape: PolicyShape) -> Found:
    segments = [segment.name for segment in shape.segments]
    for number, row in enumerate(shape.urgency):
        at = ("urgency", number)
        yield from _segments(at, row.segments, segments)
        if row.window and row.window not in shape.windows:
            yield (*at, "window"), f"there is no window {row.window!r}; {known(shape.windows, row.window)}"
        yield from conditions((*at, "when"), row.when)


def of_exceptions(shape: PolicyShape) -> Found:
    for number, row in enumerate(shape.exceptions):
        at = ("exceptions", number)
        yield from conditions((*at, "patches"), row.patches)
        yield from conditions((*at, "devices"), row.devices)


def of_relations(shape: PolicyShape) -> Found:
    for number, row in enumerate(shape.relations):
        at = ("relations", number)
        if row.kind != "shares" and not row.other:
            yield at, f"expected `other`, the patches that it {row.kind}{'' if row.kind == 'needs' else ' with'}"
        if row.kind == "shares" and not row.component:
            yield at, "expected `component`, the name of what they share"
        yield from conditions((*at, "when"), row.when)
        yield from conditions((*at, "other"), row.other)
    for number, each in enumerate(shape.runs_on):
        yield from conditions(("runs_on", number, "host"), each.host)
        yield from conditions(("runs_on", number, "guests"), each.guests)


def _segments(at: Location, names: Sequence[str], segments: Sequence[str]) -> Found:
    for name in names:
        if name not in segments:
            written = list(dict.fromkeys(each.partition(" @ ")[0] for each in segments))
            yield (*at, "segments"), f"there is no segment {name!r}; {known(written, name)}"


def _names_something(values: Sequence[str]) -> bool:
    """Wildcards alone would take whatever comes, from wherever."""
    return bool(values) and all(value.strip("*?") for value in values)


def conditions(at: Location, when: Mapping[str, Sequence[str]]) -> Found:
    """Values that a field can never have."""
    for field, values in when.items():
        for value in values:
            if not can_match(field, value):
                yield (*at, field), f"expected {' or '.join(WORDS[field])}, got {value!r}"
