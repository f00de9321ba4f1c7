"""What people are answered, typed: patches, decisions, approvals, holds, rollouts, stops."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from patchring.api.people.answers import Answer, Page, Reason


class PatchFacts(Answer):
    """A patch as this tenant's devices reported it. Empty texts: the platform has no such thing."""

    patch_id: UUID
    patch_key: str
    provider: str
    name: str
    version: str
    title: str
    source: str
    origin: str
    label: str
    suite: str
    security: bool
    type: str
    classification: str
    reboot: str
    kb: str
    update_id: str
    size_bytes: int
    known_from: datetime
    known_to: datetime | None
    row_version: int


class Patch(PatchFacts):
    """`rollout_id` null: there was no rollout of it yet; otherwise the newest."""

    missing_count: int = Field(description="Devices that miss it now; 10000 stands for that many or more.")
    rollout_id: UUID | None
    rollout_state: str | None


class DeviceMissing(Answer):
    device_id: UUID
    name: str
    installed_version: str
    held_back: str
    known_from: datetime


class CveOfPatch(Answer):
    """An open weakness that the patch settles here. `cvss_tenths`: 98 is 9.8; null: nobody scored it. `due_at`: the
    earliest of its devices; null: with the next upgrade. `epss_millionths` null: not scored."""

    cve: str
    package: str
    severity: str
    cvss_tenths: int | None
    exploited_at: datetime | None
    due_at: datetime | None
    device_count: int
    epss_millionths: int | None


class PatchShown(PatchFacts):
    """`history`: what speaks against earlier releases of the product; empty: nothing that is known. `supersedes`:
    versions or KBs. `vendor_pages`: where the vendor writes of known issues."""

    exploited: bool
    history: str
    cves: list[CveOfPatch]
    supersedes: list[str]
    known_issues: list[Reason]
    vendor_pages: list[str]
    devices: Page[DeviceMissing]


class PatchOfTenant(Answer):
    """One patch at one of the tenants that you were given."""

    patch_key: str
    tenant_id: UUID
    tenant: str
    patch_id: UUID
    title: str
    security: bool
    classification: str
    known_from: datetime
    missing_count: int
    rollout_id: UUID | None
    rollout_state: str | None


class SegmentDecision(Answer):
    """`approved`: the newest word of a person on this segment; null when nobody said one."""

    segment: str
    outcome: str
    rule: str
    authority: str
    approved: bool | None
    reasons: list[Reason]
    lost: list[Reason]


class HoldNamed(Answer):
    reason: str
    source: str
    segment: str | None


class Decisions(Answer):
    """What the policy in force says of a patch, segment by segment."""

    patch_id: UUID
    patch_key: str
    automation: str
    policy_fingerprint: str
    holds: list[HoldNamed]
    known_issues: list[Reason]
    segments: list[SegmentDecision]


class Approval(Answer):
    """A person's decision. `segments` empty: all."""

    approval_id: UUID
    patch_id: UUID
    patch_key: str
    decision: Literal["approve", "reject"]
    segments: list[str]
    reason: str
    decided_at: datetime
    decided_by: str
    expires_at: datetime
    withdrawn_at: datetime | None


class Hold(Answer):
    """`segment` null: the whole tenant. `released_at` null: in force."""

    hold_id: UUID
    patch_key: str
    segment: str | None
    reason: str
    source: str
    placed_at: datetime
    placed_by: str
    released_at: datetime | None
    released_by: str | None
    release_reason: str | None
    row_version: int


class Rollout(Answer):
    """`halt_scope` and `halt_source` (failure or person) null: it was not halted, or goes on."""

    rollout_id: UUID
    campaign_id: UUID
    patch_id: UUID
    patch_key: str
    title: str
    state: str
    state_at: datetime
    reasons: list[Reason]
    halt_scope: str | None
    halt_source: str | None
    created_at: datetime
    created_by: str
    row_version: int


class Ring(Answer):
    """`counts` is by device state. Instants are null until they came."""

    ring: int
    name: str
    state: str
    state_at: datetime
    reasons: list[Reason]
    counts: dict[str, int]
    device_count: int
    forgiven_count: int
    opened_at: datetime | None
    first_verified_at: datetime | None
    last_verified_at: datetime | None
    soak_until_at: datetime | None
    passed_at: datetime | None


class StopInForce(Answer):
    stop_key: str
    reason: str
    placed_at: datetime
    placed_by: str


class RolloutShown(Rollout):
    """`stopped_by` are the stops in force that keep it, or one of its rings, from going on."""

    policy_version_id: UUID
    rollback_requested_by: str | None
    rings: list[Ring]
    stopped_by: list[StopInForce]


class RolloutStarted(Answer):
    rollout_id: UUID
    device_count: int


class RolloutDevice(Answer):
    """`denial_reasons`: why the newest request for a permit was refused; null when none was."""

    device_id: UUID
    name: str
    ring: int
    position: int
    segment: str
    state: str
    state_at: datetime
    from_version: str
    attempt_count: int
    verified_at: datetime | None
    reasons: list[Reason]
    denial_reasons: list[Reason] | None


class Stop(StopInForce):
    stop_id: UUID
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None


class StopChanged(Answer):
    """A stop that was placed or lifted just now."""

    stop_key: str
    state: Literal["in_force", "lifted"]
    reason: str
    at: datetime
    by: str
