"""Rings, and what two people set aside."""

from datetime import timedelta

from patchring.policyfile.checks.found import Found, said
from patchring.policyfile.shapes.whole import PolicyShape

SOAK_MIN = timedelta(minutes=10)


def of_rings(shape: PolicyShape) -> Found:
    """At least two, each with a soak, unless an override says why."""
    if len(shape.rings) < 2 and "single_ring" not in shape.overrides:
        text = "expected at least two rings, got one; add a ring, or an override `single_ring` by two people"
        yield ("rings",), text
    if "no_soak" in shape.overrides:
        return
    for number, ring in enumerate(shape.rings):
        if ring.soak.time < SOAK_MIN:
            text = f"expected 10m or more, got {said(ring.soak.time)}; soak longer, or add an override `no_soak`"
            yield ("rings", number, "soak", "time"), f"{text} by two people with a reason"


def of_overrides(shape: PolicyShape) -> Found:
    for name, override in shape.overrides.items():
        if len({" ".join(person.split()).casefold() for person in override.by}) < 2:
            text = f"expected two different people, got {' and '.join(override.by)}"
            yield ("overrides", name, "by"), text
