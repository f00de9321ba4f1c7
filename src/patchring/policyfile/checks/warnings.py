"""What a text may say, but hardly means."""

from collections.abc import Iterator
from datetime import date

from patchring.core.policy.model import Policy
from patchring.policyfile.compiling.flat import Flat
from patchring.policyfile.pages import Location
from patchring.policyfile.shapes.whole import PolicyShape


def warnings(shape: PolicyShape, policy: Policy, flat: Flat, today: date | None) -> Iterator[tuple[Location, str]]:
    """(location, sentence) of each."""
    yield from ()
