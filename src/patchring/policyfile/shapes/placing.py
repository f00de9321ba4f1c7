"""Where: rings and segments, how many at once, what stops on failure, who set a rule aside."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from patchring.policyfile.shapes.words import Devices, Duration, Level, Limit, Name, Sentence, Shape, Whole

AROUND = ("check_backup", "drain", "stop_service", "start_service", "maintenance_mode")


def _step(value: Any) -> Any:
    """`drain` is a step without a subject."""
    return {value: ""} if isinstance(value, str) else value


_BARE = {"type": "string", "enum": ["drain", "maintenance_mode"]}
Step = Annotated[
    dict[Literal[AROUND], Annotated[str, Field(max_length=100)]],  # type: ignore[valid-type]
    BeforeValidator(_step),
    Field(min_length=1, max_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                _BARE,
                {
                    "type": "object",
                    "propertyNames": {"enum": list(AROUND)},
                    "additionalProperties": {"type": "string"},
                    "minProperties": 1,
                    "maxProperties": 1,
                },
            ]
        }
    ),
]


class SoakShape(Shape):
    time: Duration = Field(description="How long at least, from the moment that enough devices are verified.")
    verified: Limit = Field(le=100_000, description="How many devices have to be verified.")
    device_hours: Whole = Field(default=0, ge=0, description="Hours since verification, summed over devices.")


class RingShape(Shape):
    name: Name
    soak: SoakShape
    growth: Limit = Field(default=3, le=100, description="At most this many times the verified devices at once.")
    at_once: Limit = Field(default=50, le=100_000, description="Never more than this many at once.")


class SegmentShape(Shape):
    name: Name
    when: Devices = Field(default_factory=dict)
    ring: Whole = Field(ge=0, le=20)
    window: str = ""
    reboot: Name = Field(default="if_required", description="never, if_required, always, or a plan of `reboots`.")
    remedy: Name
    probes: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(default_factory=list, max_length=20)
    automation: Level | None = Field(default=None, description="The level for this segment; absent: the policy's.")
    staffing: Literal["none", "on_call", "on_shift"] = Field(default="none", description="Who has to be there.")
    around: list[Step] = Field(default_factory=list, max_length=20, description="Typed steps around the patch.")
    tests: dict[Name, Sentence] = Field(
        default_factory=dict, max_length=20, description="Cases to be passed on record first, each with its criterion."
    )


class LimitsShape(Shape):
    tenant: Limit | None = None
    site: Limit | None = Field(default=None, description="At each site.")
    ring: Limit | None = None
    redundancy_group: Limit = 1
    sites: dict[Name, Limit] = Field(default_factory=dict, max_length=200, description="At the sites named.")


class OnFailureShape(Shape):
    failed_max: Whole = Field(ge=0, description="More failed devices than this in a ring halt it.")
    halt: Literal["ring", "rollout", "tenant", "patch"]


class OverrideShape(Shape):
    by: list[Name] = Field(min_length=2, max_length=2, description="Two different people.")
    reason: Sentence
