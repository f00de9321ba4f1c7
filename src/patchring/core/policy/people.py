"""Who is asked, woken, told: persons with names, roles with deputies, and what the client is promised."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum


class Duty(StrEnum):
    """The five places of the escalation path (F6)."""

    FIRST_LINE = "first_line"
    PATCH_ADMINISTRATOR = "patch_administrator"
    SERVICE_DESK_LEAD = "service_desk_lead"
    VCIO = "vcio"
    CLIENT_CONTACT = "client_contact"


@dataclass(frozen=True)
class Person:
    """A human being with a way to reach them; never a team."""

    key: str
    name: str
    mail: str
    phone: str = ""


@dataclass(frozen=True)
class EscalationStep:
    """Who has a duty and who stands in; keys of `people`. The next step is told when nobody acknowledged in time."""

    duty: Duty
    person: str
    deputy: str
    acknowledge_within: timedelta


@dataclass(frozen=True)
class QuietHours:
    """Local times between which only what is urgent wakes somebody; they may span midnight."""

    from_at: time
    to_at: time


class Cadence(StrEnum):
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


@dataclass(frozen=True)
class Reporting:
    """How often the client's report is made, and for whom (keys of `people`)."""

    every: Cadence
    to: tuple[str, ...]


@dataclass(frozen=True)
class Constraint:
    """What a client asked for, in the client's words. `kept_by` are paths of rules of this policy that keep it; empty:
    people keep it, and the document says so."""

    name: str
    says: str
    asked_by: str
    since_on: date
    kept_by: tuple[str, ...] = ()


class Stability(StrEnum):
    """How well the tenant's devices take updates, as a person rated it (R2)."""

    STABLE = "stable"
    NORMAL = "normal"
    FRAGILE = "fragile"


@dataclass(frozen=True)
class Standing:
    """`pilot`: the client agreed that its low-risk devices go first in ring 1. `rated_by` and `reason` are empty where
    nothing but the ordinary was said."""

    stability: Stability = Stability.NORMAL
    pilot: bool = False
    rated_by: str = ""
    reason: str = ""


@dataclass(frozen=True)
class PeopleRules:
    """Everybody that the policy names. `quiet_hours` None: none. `reporting` None: nothing was said of reports."""

    people: Mapping[str, Person] = field(default_factory=dict)
    escalation: tuple[EscalationStep, ...] = ()
    quiet_hours: QuietHours | None = None
    reporting: Reporting | None = None
    constraints: tuple[Constraint, ...] = ()
    standing: Standing = Standing()
