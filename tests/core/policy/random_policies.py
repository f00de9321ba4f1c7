"""Policies, patches and holds by chance, small enough that rules meet: few names, few values, many rules."""

from dataclasses import replace
from random import Random

from patchring.core.devices import PatchFacts
from patchring.core.policy.condition import Condition
from patchring.core.policy.decide import HoldInForce
from patchring.core.policy.model import (
    ApprovalRule,
    Asked,
    Authority,
    Automation,
    Outcome,
    Policy,
    SegmentRule,
    UrgencyRule,
)
from tests.core.builders import patch, policy

SEGMENTS = ("tills", "tills @ site Berlin", "servers", "rest")
VALUES = {
    "package": ["web", "web-libs", "*", "web*", "*-libs", "w?b", "[web]", "*e*", "gone"],
    "provider": ["apt", "dnf", "a*"],
    "exploited": ["yes", "no"],
    "classification": ["security", "s*", "preview"],
}


def random_conditions(rng: Random) -> tuple[Condition, ...]:
    fields = rng.choices(list(VALUES), k=rng.choice([0, 0, 1, 2]))
    return tuple(Condition(field, tuple(rng.choices(VALUES[field], k=rng.randint(1, 2)))) for field in fields)


def random_segments(rng: Random) -> tuple[str, ...]:
    return tuple(rng.sample(SEGMENTS, rng.choice([0, 0, 0, 1, 2])))


def random_rule(rng: Random, number: int) -> ApprovalRule:
    return ApprovalRule(
        name=f"rule {number}",
        when=random_conditions(rng),
        outcome=rng.choice(list(Outcome)),
        segments=random_segments(rng),
        line=number,
        layer=rng.choice(["baseline", "tenant"]),
        nearness=rng.choice([0, 0, 1]),
        authority=rng.choice(list(Authority)),
        asked=rng.choice([Asked(), Asked(people_min=2)]),
    )


def random_policy(rng: Random) -> Policy:
    rest = policy().segments[1]
    segments: list[SegmentRule] = [
        replace(rest, name=name, automation=rng.choice([None, None, *Automation])) for name in SEGMENTS
    ]
    segments[1] = replace(segments[1], base="tills")
    rows = range(rng.randint(0, 2))
    return policy(
        automation=rng.choice(list(Automation)),
        segments=tuple(segments),
        approvals=tuple(random_rule(rng, number) for number in range(rng.randint(0, 6))),
        urgency=tuple(UrgencyRule(f"row {n}", random_conditions(rng), random_segments(rng)) for n in rows),
    )


def random_patch(rng: Random) -> PatchFacts:
    name = rng.choice(["web", "web-libs", "[web]", "mail"])
    return patch(
        patch_key=f"{name}-{rng.randrange(4)}",
        name=name,
        provider=rng.choice(["apt", "dnf", "winget"]),
        exploited=rng.random() < 0.5,
        classification=rng.choice(["security", "preview", "unknown"]),
    )


def random_holds(rng: Random) -> list[HoldInForce]:
    where = [None, *SEGMENTS]
    return [HoldInForce(f"hold {n}", "person", rng.choice(where)) for n in range(rng.choice([0, 0, 1, 2]))]
