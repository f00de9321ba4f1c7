"""A whole text."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from patchring.policyfile.shapes.handling import CampaignShape, DownloadsShape, RebootShape, RemedyShape, RunsOnShape
from patchring.policyfile.shapes.people import (
    ClientShape,
    Escalation,
    PersonShape,
    QuietHoursShape,
    ReportingShape,
    StandingShape,
)
from patchring.policyfile.shapes.placing import LimitsShape, OnFailureShape, OverrideShape, RingShape, SegmentShape
from patchring.policyfile.shapes.rules import (
    ApprovalShape,
    ExceptionShape,
    ProposalsShape,
    RelationShape,
    ReleasesShape,
    UrgencyShape,
)
from patchring.policyfile.shapes.timing import BlackoutShape, HoursShape, WindowShape
from patchring.policyfile.shapes.words import Duration, Level, Name, Shape

ROWS_MAX = 2000


class PolicyShape(Shape):
    """A Patchring policy, version 1."""

    patchring: Annotated[Literal["1"], WithJsonSchema({"enum": [1, "1"]})] = Field(
        description="The version of this language."
    )
    layer: str = Field(default="", max_length=100, description="baseline, tenant, site NAME or group NAME.")
    title: Name
    automation: Level
    expected_duration: Duration = timedelta(minutes=10)
    rings: list[RingShape] = Field(min_length=1, max_length=20)
    windows: dict[Name, WindowShape] = Field(default_factory=dict, max_length=ROWS_MAX)
    hours: HoursShape | None = Field(default=None, description="The client's operating hours.")
    blackouts: list[BlackoutShape] = Field(default_factory=list, max_length=500)
    segments: list[SegmentShape] = Field(min_length=1, max_length=ROWS_MAX)
    approvals: list[ApprovalShape] = Field(max_length=ROWS_MAX)
    urgency: list[UrgencyShape] = Field(default_factory=list, max_length=500)
    due_dates: Literal["bod_26_04", "cyber_essentials", "flat"] = Field(
        default="bod_26_04", description="The table by which weaknesses are due."
    )
    exceptions: list[ExceptionShape] = Field(default_factory=list, max_length=500)
    reboots: dict[Name, RebootShape] = Field(default_factory=dict, max_length=500)
    remedies: dict[Name, RemedyShape] = Field(min_length=1, max_length=500)
    relations: list[RelationShape] = Field(default_factory=list, max_length=500)
    runs_on: list[RunsOnShape] = Field(default_factory=list, max_length=500)
    releases: ReleasesShape = ReleasesShape()
    catch_up_campaign: CampaignShape | None = None
    downloads: DownloadsShape | None = None
    proposals: ProposalsShape = ProposalsShape()
    people: dict[Name, PersonShape] = Field(default_factory=dict, max_length=200)
    escalation: Escalation = Field(default_factory=dict)
    quiet_hours: QuietHoursShape | None = None
    reporting: ReportingShape | None = None
    client: ClientShape = ClientShape()
    standing: StandingShape = StandingShape()
    limits: LimitsShape = LimitsShape()
    on_failure: OnFailureShape
    overrides: dict[Literal["no_soak", "single_ring"], OverrideShape] = Field(default_factory=dict)
