"""What: approvals, urgency, exceptions, and what binds patches to each other."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from patchring.policyfile.shapes.words import (
    Day,
    Devices,
    Duration,
    DutyWord,
    Limit,
    Name,
    Patches,
    Sentence,
    Shape,
    Truth,
    Whole,
)


class ApprovalShape(Shape):
    name: Name
    when: Patches = Field(default_factory=dict)
    segments: list[Name] = Field(default_factory=list, max_length=2000)
    decide: Literal["auto", "review", "hold", "block", "expedite"]
    people: Limit = Field(default=1, le=5, description="How many different persons have to approve.")
    consent: Truth = Field(default=False, description="The client has to agree.")
    owner: DutyWord | None = Field(default=None, description="Whose review it is; absent: patch_administrator.")
    due: Duration | None = Field(default=None, description="How long they have.")
    authority: Literal["msp", "client", "vendor", "scanner"] = Field(default="msp", description="On whose word.")
    reason: str = Field(default="", max_length=500)


class UrgencyShape(Shape):
    """For what is expedited; the first row whose conditions hold counts."""

    name: Name
    when: Patches = Field(default_factory=dict)
    segments: list[Name] = Field(default_factory=list, max_length=2000)
    soak_max: Duration | None = Field(default=None, description="No ring soaks longer.")
    verified_max: Limit | None = Field(default=None, description="No ring waits for more verified devices.")
    window: str = Field(default="", description="Opened besides the segment's own.")
    in_blackout: Truth = Field(default=False, description="May begin in a blackout.")
    tell: list[DutyWord] = Field(default_factory=list, description="Who is told at once.")


class ExceptionShape(Shape):
    name: Name
    kind: Literal["deferral", "exception"]
    patches: Patches = Field(min_length=1)
    devices: Devices = Field(default_factory=dict)
    owner: Name = Field(description="A key of `people`.")
    accepted_by: Name = Field(description="A key of `people`: who accepts the risk.")
    reason: Sentence
    control: Sentence = Field(description="What protects the devices in the meantime.")
    until: Day = Field(description="The last day; every exception ends.")
    due: Day | None = Field(default=None, description="When it was due without it; kept when it is renewed.")
    renewals: Whole = Field(default=0, ge=0, le=100)


class RelationShape(Shape):
    name: Name
    kind: Literal["needs", "conflicts", "shares"]
    when: Patches = Field(min_length=1)
    other: Patches = Field(default_factory=dict, description="What it needs or conflicts with.")
    older_than: str = Field(default="", max_length=200, description="Only with versions older than this.")
    component: str = Field(default="", max_length=200, description="The component that is shared.")


class ReleasesShape(Shape):
    superseded: Literal["finish", "replace", "restart"] = "finish"
    behind_max: Limit | None = Field(default=None, description="Releases without a verified one.")


# `take` is read so that the refusal can say why (checks/proposals.py); editors offer what is left.
_NeverTaken = Annotated[Literal["take", "review", "refuse"], WithJsonSchema({"enum": ["review", "refuse"]})]


class ProposalsShape(Shape):
    """What becomes of a decision that the MSP proposes to many tenants at once."""

    hold: Literal["take", "review", "refuse"] = Field(default="take", description="Held at once, or a person answers.")
    expedite: _NeverTaken = Field(default="review", description="A person answers, or nothing comes of it.")
    approve: _NeverTaken = Field(default="review", description="A person answers, and signs; or nothing comes of it.")
