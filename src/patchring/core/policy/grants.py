"""What a policy allows by rule, in the terms that a device checks for itself: provider, origin, label, suite, name.

A rule that approves by itself becomes a grant only by facts that the device sees again (the signed statement names
them); what only the server knows can delay an installation, never authorise one. So a rule that says nothing about
provider and origin grants nothing: it has to name where the packages come from.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from patchring.core.policy.model import ApprovalRule, Outcome, Policy, RebootRule, RemedyStep

KEPT = "kept"
ANY = ("*",)


@dataclass(frozen=True)
class GrantValue:
    """The twin of `wire.authority.Grant`, which core may not know."""

    rule: str
    actions: tuple[str, ...]
    provider: str
    names: tuple[str, ...]
    origins: tuple[str, ...]
    labels: tuple[str, ...]
    suites: tuple[str, ...]


def grants(policy: Policy) -> list[GrantValue]:
    """Every grant of a policy, in the order of its text."""
    return [*_installations(policy), *_ways_back(policy), *_reboots(policy)]


def _installations(policy: Policy) -> Iterator[GrantValue]:
    for rule in policy.approvals:
        if rule.outcome in (Outcome.AUTO, Outcome.EXPEDITE):
            for provider in _values(rule, "provider", ()):
                yield GrantValue(
                    rule.name,
                    ("install",),
                    provider,
                    _values(rule, "package", ANY),
                    _values(rule, "origin", ()),
                    _values(rule, "label", ANY),
                    _values(rule, "suite", ANY),
                )


def _ways_back(policy: Policy) -> Iterator[GrantValue]:
    providers = sorted({p for rule in policy.approvals for p in _values(rule, "provider", ())})
    for remedy in policy.remedies.values():
        if RemedyStep.RETURN_TO_PRIOR in remedy.steps:
            for provider in providers:
                yield GrantValue(f"remedy {remedy.name}", ("downgrade",), provider, ANY, (KEPT,), ANY, ANY)


def _reboots(policy: Policy) -> Iterator[GrantValue]:
    if any(segment.reboot is not RebootRule.NEVER for segment in policy.segments):
        yield GrantValue("reboots of segments", ("reboot",), "*", ANY, ANY, ANY, ANY)


def _values(rule: ApprovalRule, field: str, missing: tuple[str, ...]) -> tuple[str, ...]:
    found = [condition.values for condition in rule.when if condition.field == field]
    return found[0] if found else missing
