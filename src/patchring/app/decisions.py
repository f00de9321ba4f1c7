"""What a tenant's policy in force says of a patch, for each of its segments, with holds and what people decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from patchring.app.device_facts import patch_facts
from patchring.app.known_issues.in_force import issues_about
from patchring.core.devices import PatchFacts
from patchring.core.ids import TenantId
from patchring.core.policy.asked import ONE_PERSON, Said, Standing, standing, strictest, waiting
from patchring.core.policy.decide import Decision, HoldInForce, decide
from patchring.core.policy.known_issues import KnownIssue
from patchring.core.policy.model import Asked, Automation, Outcome, Policy
from patchring.core.reason import Reason, as_json, reason
from patchring.policyfile import PolicyInvalid, load
from patchring.store import sql
from patchring.store.transaction import Tx


@dataclass(frozen=True)
class Approval:
    """One decision of a person. `segments` empty: for all. `decided_by` is `role:name`."""

    decision: str
    segments: tuple[str, ...]
    expires_at: datetime
    decided_by: str


@dataclass(frozen=True)
class Assessment:
    """`decisions` has one entry for each segment of the policy; `approvals` in force come newest first. `issues`: known
    ones that name the patch and stand for the tenant."""

    patch_id: UUID
    patch: PatchFacts
    policy: Policy
    policy_version_id: UUID
    decisions: Mapping[str, Decision]
    holds: Sequence[HoldInForce]
    approvals: Sequence[Approval]
    now: datetime
    issues: Sequence[KnownIssue] = ()

    @property
    def going(self) -> frozenset[str]:
        """Segments in which the patch goes by itself or after a review; not where it is held or blocked."""
        return frozenset(name for name, found in self.decisions.items() if _goes(found))

    @property
    def prepared(self) -> frozenset[str]:
        """Those of them for which a rollout is made without being asked for: not where the policy only recommends."""
        return frozenset(name for name in self.going if self.policy.automation_of(name) is not Automation.RECOMMEND)

    @property
    def to_review(self) -> frozenset[str]:
        """Segments in which a person has to approve before anything begins."""
        return frozenset(name for name in self.going if self.decisions[name].outcome is Outcome.REVIEW)

    def standing(self, segment: str | None) -> bool | None:
        """What people said on this segment (None: on all of them): yes, no, or not (all of) those who are asked."""
        return self.standing_of(segment).approved

    def standing_of(self, segment: str | None) -> Standing:
        """The same reading as the signer's, of the decisions that cover the segment; see core's `asked`."""
        said = [
            Said(each.decision, each.decided_by, each.expires_at)
            for each in self.approvals
            if not each.segments or segment in each.segments
        ]
        return standing(self.asked_of(segment), said, self.now)

    def asked_of(self, segment: str | None) -> Asked:
        """What the review of a segment asks for; None: what satisfies every segment that has to be reviewed."""
        if segment is None:
            return strictest([self.decisions[name].asked for name in sorted(self.to_review)])
        return self.decisions[segment].asked if segment in self.decisions else ONE_PERSON

    def waits_for(self, segments: Iterable[str], asked_at: datetime | None) -> tuple[Reason, ...]:
        """Who still has to approve for these segments, each sentence once; `asked_at`: when the waiting began."""
        found = {
            name: waiting(self.asked_of(name), self.standing_of(name), asked_at)
            for name in sorted(segments)
            if self.standing(name) is not True
        }
        if len({each.text for each in found.values()}) <= 1:
            return tuple(found.values())[:1]
        return tuple(Reason(each.code, f"{name}: {each.text}", each.numbers) for name, each in found.items())

    def as_json(self) -> dict[str, Any]:
        """The form in which a patch keeps what was decided about it."""
        return {
            "policy_fingerprint": self.policy.fingerprint,
            "automation": self.policy.automation.value,
            "segments": {
                name: {"outcome": found.outcome.value, "rule": found.rule, "reasons": as_json(found.reasons)}
                for name, found in sorted(self.decisions.items())
            },
        }


@dataclass(frozen=True)
class Undecided:
    """There is no policy to decide by; `reason` says why."""

    reason: Reason


async def assess(tx: Tx, tenant_id: TenantId, patch_id: UUID, now: datetime) -> Assessment | Undecided:
    """Read and decide. The patch has to be one of the tenant's."""
    row = await tx.one(sql.rollouts.patch, {"tenant_id": tenant_id, "patch_id": patch_id})
    in_force = await tx.maybe(sql.permits.policy_in_force, {"tenant_id": tenant_id})
    if in_force is None:
        return Undecided(reason("policy_missing", "this tenant has no policy, so nothing is done by itself"))
    policy = read_policy_text(in_force["text"])
    if isinstance(policy, Reason):
        return Undecided(policy)
    patch = patch_facts(row)
    holds = await holds_in_force(tx, tenant_id, patch.patch_key)
    decisions = {rule.name: decide(policy, patch, rule.name, holds) for rule in policy.segments}
    approvals = await _approvals(tx, tenant_id, patch_id)
    issues = await issues_about(tx, tenant_id, patch, now)
    version_id = in_force["policy_version_id"]
    return Assessment(patch_id, patch, policy, version_id, decisions, holds, approvals, now, issues)


async def holds_in_force(tx: Tx, tenant_id: TenantId, patch_key: str) -> list[HoldInForce]:
    rows = await tx.all(sql.permits.holds_in_force, {"tenant_id": tenant_id, "patch_key": patch_key})
    return [HoldInForce(row["reason"], row["source"], row["segment"]) for row in rows]


@lru_cache(maxsize=256)
def read_policy_text(text: str) -> Policy | Reason:
    """Parsed once for each text. One that cannot be read decides nothing, and says so."""
    try:
        return load(text)
    except PolicyInvalid as invalid:
        return reason("policy_unreadable", f"the policy in force cannot be read: {invalid}")


async def _approvals(tx: Tx, tenant_id: TenantId, patch_id: UUID) -> list[Approval]:
    rows = await tx.all(sql.permits.approvals_in_force, {"tenant_id": tenant_id, "patch_id": patch_id})
    return [Approval(row["decision"], tuple(row["segments"]), row["expires_at"], row["decided_by"]) for row in rows]


def _goes(decision: Decision) -> bool:
    return decision.goes_by_itself or decision.outcome is Outcome.REVIEW
