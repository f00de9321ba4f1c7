"""What is written and nothing refers to."""

from patchring.core.policy.calendar import CatchUp
from patchring.core.policy.model import Policy
from patchring.policyfile.checks.found import Found
from patchring.policyfile.checks.persons import named_persons
from patchring.policyfile.shapes.whole import PolicyShape


def unused(shape: PolicyShape, policy: Policy) -> Found:
    """(location, sentence) of each."""
    opened = {row.window for row in policy.urgency}
    used = {
        "windows": opened | {row.window for row in policy.segments},
        "reboots": {row.reboot_plan for row in policy.segments},
        "remedies": {row.remedy for row in policy.segments},
    }
    for section, names in used.items():
        for name in getattr(shape, section):
            if name not in names:
                yield (section, name), "no segment uses it; name it in one, or take it away"
    named = {name for _, name in named_persons(shape)}
    for key in shape.people:
        if key not in named:
            yield ("people", key), "nothing names them; give them a duty, or take them away"
    yield from _hours(policy)


def _hours(policy: Policy) -> Found:
    minds = (each.outside_hours or each.catch_up is CatchUp.WHEN_SEEN for each in policy.windows.values())
    if policy.hours is not None and not any(minds):
        text = "no window minds them; give one `outside_hours: yes`, or a `catch_up`"
        yield ("hours",), text
