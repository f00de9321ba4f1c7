"""Who: persons, duties, quiet hours, reports, what the client asked for."""

from typing import Literal

from pydantic import Field

from patchring.policyfile.shapes.words import (
    Day,
    Duration,
    DutyWord,
    Mail,
    Name,
    Names,
    Sentence,
    Shape,
    TimeOfDay,
    Truth,
)


class PersonShape(Shape):
    """A human being with a way to reach them."""

    name: Name
    mail: Mail
    phone: str = Field(default="", max_length=40)


class DutyShape(Shape):
    person: Name = Field(description="A key of `people`.")
    deputy: Name = Field(description="A key of `people`, somebody else.")
    within: Duration = Field(description="Time to acknowledge, then the next duty is told.")


class QuietHoursShape(Shape):
    from_at: TimeOfDay = Field(alias="from")
    to_at: TimeOfDay = Field(alias="to")


class ReportingShape(Shape):
    every: Literal["weekly", "monthly", "quarterly"]
    to: Names = Field(min_length=1, description="Keys of `people`.")


class ConstraintShape(Shape):
    name: Name
    says: Sentence = Field(description="In the client's words.")
    asked_by: Name
    since: Day
    kept_by: Names = Field(default_factory=list, description="Rules that keep it, such as `approvals.NAME`.")


class ClientShape(Shape):
    constraints: list[ConstraintShape] = Field(default_factory=list, max_length=100)


class StandingShape(Shape):
    stability: Literal["stable", "normal", "fragile"] = "normal"
    pilot: Truth = Field(default=False, description="The client agreed that its low-risk devices go first in ring 1.")
    rated_by: str = Field(default="", max_length=80)
    reason: str = Field(default="", max_length=500)


Escalation = dict[DutyWord, DutyShape]
