"""What a policy of the size of a large tenant costs: a million verdicts, one with its whole trace, one device's values.

Verdicts are of 100,000 patches in 10 segments, with 60 rules of which a third are wild, and holds on some patches.
"""

import time
from collections import Counter
from dataclasses import replace
from random import Random
from uuid import UUID

from tests.scene import POLICY

from bench.figures import Figure, at_most, cpu_microseconds, shown
from patchring.core.devices import DeviceFacts, PatchFacts
from patchring.core.policy.condition import Condition
from patchring.core.policy.decide import HoldInForce
from patchring.core.policy.effective import effective
from patchring.core.policy.model import ApprovalRule, Outcome, Policy, SegmentRule, UrgencyRule
from patchring.core.policy.verdicts import Verdicts
from patchring.policyfile import load

PATCHES, SEGMENTS, RULES = 100_000, 10, 60


def run() -> list[Figure]:
    rng = Random(17)
    policy, patches = _policy(rng), [_patch(rng, number) for number in range(PATCHES)]
    holds = {patch.patch_key: [HoldInForce("it breaks", "person")] for patch in rng.sample(patches, 500)}
    before = time.process_time()
    verdicts = Verdicts(policy)
    outcomes = Counter(verdict.outcome for row in verdicts.rows(patches, holds) for verdict in row)
    seconds = time.process_time() - before
    assert outcomes.total() == PATCHES * SEGMENTS
    one, device = patches[7], DeviceFacts(UUID(int=1), UUID(int=2), UUID(int=3), "box")
    trace = cpu_microseconds(lambda: verdicts.why(one, "segment 3"), 300) / 1000
    values = cpu_microseconds(lambda: effective(policy, device), 300) / 1000
    return [
        shown("rules", RULES, "rows"),
        shown("different patches", len({replace(each, patch_key="", version="") for each in patches}), "patches"),
        at_most("1,000,000 verdicts of patch and segment", seconds, "s of CPU", 2),
        at_most("one verdict with its whole trace", trace, "ms of CPU", 1),
        at_most("effective policy of one device", values, "ms of CPU", 1),
    ]


def _policy(rng: Random) -> Policy:
    rest = load(POLICY).segments[0]
    segments: list[SegmentRule] = [
        replace(rest, name=f"segment {number}", when=(Condition("role", (f"role {number}",)),), line=number)
        for number in range(SEGMENTS - 1)
    ]
    rules = tuple(_rule(rng, number) for number in range(RULES))
    urgency = (UrgencyRule("exploited", (Condition("exploited", ("yes",)),)), UrgencyRule("rest", ()))
    return replace(load(POLICY), segments=(*segments, replace(rest, name="rest")), approvals=rules, urgency=urgency)


def _rule(rng: Random, number: int) -> ApprovalRule:
    when = [Condition("provider", (rng.choice(["apt", "windows_update", "dnf"]),))]
    if number % 3 == 0:
        when.append(Condition("package", (f"lib{rng.choice('abcdef')}*", f"*-{rng.choice('xyz')}")))
    if rng.random() < 0.5:
        when.append(Condition("classification", (rng.choice(["security", "critical", "optional"]),)))
    segments = tuple(f"segment {rng.randrange(SEGMENTS - 1)}" for _ in range(rng.choice([0, 0, 2])))
    return ApprovalRule(
        f"rule {number}", tuple(when), rng.choice(list(Outcome)), segments, number, "tenant", number % 3
    )


def _patch(rng: Random, number: int) -> PatchFacts:
    name = f"lib{rng.choice('abcdefgh')}{rng.randrange(40_000)}-{rng.choice('uvwxyz')}"
    return PatchFacts(
        patch_key=f"apt:{name}={number}",
        provider=rng.choice(["apt", "windows_update", "dnf"]),
        name=name,
        version=str(number),
        classification=rng.choice(["security", "critical", "optional", "rollup", "unknown"]),
        exploited=rng.random() < 0.01,
    )
