"""How: restarts, the way back, what runs on what, downloads, backlogs."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from patchring.policyfile.shapes.words import Devices, Duration, Limit, Name, Shape, Truth, Whole

RemedyWord = Literal["return_to_prior", "uninstall", "vendor_workaround", "revert_snapshot", "restore_backup"]


class RebootShape(Shape):
    rule: Literal["never", "if_required", "always"] = "if_required"
    warnings: list[Duration] = Field(default_factory=list, max_length=10, description="Times before the restart.")
    deferrals: Whole = Field(default=0, ge=0, le=100, description="How often a person may postpone it.")
    deadline: Duration | None = Field(default=None, description="When it comes anyhow, from the first warning.")
    order: Whole = Field(default=0, ge=0, le=1000, description="Lower restarts first.")
    at_once: Limit | None = Field(default=None, description="At most so many at the same time.")
    healthy_within: Duration = Field(default=timedelta(minutes=15), description="Else somebody is told.")


class RemedyShape(Shape):
    steps: list[RemedyWord] = Field(min_length=1, max_length=10)
    scope: Literal["failed", "installed"] = "failed"
    way_back: Literal["required", "optional"] = "required"
    by: str = Field(default="", max_length=80, description="Who does steps by hand: a key of `people` or a duty.")


class RunsOnShape(Shape):
    name: Name
    host: Devices = Field(min_length=1)
    guests: Devices = Field(min_length=1)


class CampaignShape(Shape):
    at_once: Limit = Field(description="Devices at once.")
    patches_at_once: Limit = Field(description="Patches at once.")


class DownloadsShape(Shape):
    before: Duration = Field(default=timedelta(0), description="How long before the window.")
    metered: Truth = Field(default=False, description="Also on metered connections.")
    site_rate_mbit_max: Limit | None = Field(default=None, description="For a whole site, in Mbit/s.")
    battery_min: Whole = Field(default=30, ge=0, le=100, description="In percent.")
    disk_free_mib_min: Whole = Field(default=2048, ge=0, description="In MiB.")
