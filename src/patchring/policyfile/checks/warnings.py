"""What a text may say, but hardly means."""

from collections.abc import Iterator
from datetime import date

from patchring.core.policy.model import Policy
from patchring.policyfile.checks.consequence import consequence
from patchring.policyfile.checks.found import Found
from patchring.policyfile.checks.misspelt import misspelt
from patchring.policyfile.checks.never import never
from patchring.policyfile.checks.timing import days_lacked
from patchring.policyfile.checks.unused import unused
from patchring.policyfile.compiling.flat import Flat
from patchring.policyfile.pages import Location, mark_of
from patchring.policyfile.shapes.whole import PolicyShape


def warnings(shape: PolicyShape, policy: Policy, flat: Flat, today: date | None) -> Iterator[tuple[Location, str]]:
    """(location, sentence) of each. What a baseline offers and one tenant does not need is no slip of the tenant's: of
    a baseline's own values it is told when the baseline is checked by itself. That an exception is over is always."""
    for location, text in (*_idle(shape, policy), *misspelt(shape, flat)):
        if len(flat.layers) == 1 or mark_of(flat.root, location)[0].page.layer != "baseline":
            yield location, text
    for number, row in enumerate(policy.exceptions):
        if today is not None and row.until_on < today:
            yield ("exceptions", number, "until"), f"it was over after {row.until_on}; renew it, or take it away"


def _idle(shape: PolicyShape, policy: Policy) -> Found:
    yield from never(policy)
    yield from unused(shape, policy)
    yield from consequence(policy)
    for name, window in shape.windows.items():
        if window.short_months and not days_lacked(window):
            yield ("windows", name, "short_months"), "every month has the days of the rule; take it away"
