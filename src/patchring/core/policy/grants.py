"""What a policy allows by rule, in the terms that a device checks for itself: provider, origin, label, suite, name.

A rule that approves by itself becomes a grant only by facts that the device sees again (the signed statement names
them); what only the server knows can delay an installation, never authorise one. So such a rule has to name provider
and origin (policyfile refuses another), and where no segment is automatic no installation is granted by rule at all.
Ways back and restarts are granted in advance, also for what people approve: nobody has to be woken to undo.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from patchring.core.policy.handling import RebootRule, RemedyStep
from patchring.core.policy.model import ApprovalRule, Automation, Outcome, Policy

KEPT = "kept"
ANY = ("*",)
# Package managers that can bring a kept earlier version back; those that the rules name are added.
WAY_BACK_PROVIDERS = frozenset({"apt", "windows_update"})


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
    """Every grant of a policy, in the order of its text; none where all of it only observes."""
    levels = {policy.automation_of(rule.name) for rule in policy.segments}
    if levels <= {Automation.OBSERVE}:
        return []
    by_rule = _installations(policy) if Automation.AUTOMATIC in levels else ()
    return [*by_rule, *_ways_back(policy), *_reboots(policy)]


def _installations(policy: Policy) -> Iterator[GrantValue]:
    for rule in policy.approvals:
        if rule.outcome in (Outcome.AUTO, Outcome.EXPEDITE):
            for provider in _values(rule, "provider", ()):
                yield GrantValue(
                    rule=rule.name,
                    actions=("install",),
                    provider=provider,
                    names=_values(rule, "package", ANY),
                    origins=_values(rule, "origin", ()),
                    labels=_values(rule, "label", ANY),
                    suites=_values(rule, "suite", ANY),
                )


def _ways_back(policy: Policy) -> Iterator[GrantValue]:
    named = {provider for rule in policy.approvals for provider in _values(rule, "provider", ())}
    for remedy in policy.remedies.values():
        if RemedyStep.RETURN_TO_PRIOR in remedy.steps:
            for provider in sorted(named | WAY_BACK_PROVIDERS):
                yield GrantValue(f"remedy {remedy.name}", ("downgrade",), provider, ANY, (KEPT,), ANY, ANY)


def _reboots(policy: Policy) -> Iterator[GrantValue]:
    if any(segment.reboot is not RebootRule.NEVER for segment in policy.segments):
        yield GrantValue("reboots of segments", ("reboot",), "*", ANY, ANY, ANY, ANY)


def _values(rule: ApprovalRule, field: str, missing: tuple[str, ...]) -> tuple[str, ...]:
    found = [condition.values for condition in rule.when if condition.field == field]
    return found[0] if found else missing
