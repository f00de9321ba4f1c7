"""Exceptions and deferrals: patches that some devices do not get until a date, with names to them (A10).

In force until the end of its last day, in UTC unless another zone is given. It lapses by itself, and reopens at once
for a patch that is known to be exploited: what somebody accepted as a risk is another risk then.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from patchring.core.devices import DeviceFacts, PatchFacts
from patchring.core.policy.match import called, device_misses, patch_misses
from patchring.core.policy.model import Policy, PolicyException
from patchring.core.reason import Reason, reason


class ExceptionState(StrEnum):
    IN_FORCE = "in_force"
    LAPSED = "lapsed"
    REOPENED = "reopened"


@dataclass(frozen=True)
class Excepted:
    """An exception that names a patch and a device, and what is left of it now. `ends_at`: the first instant without
    it, aware."""

    exception: PolicyException
    state: ExceptionState
    ends_at: datetime
    reason: Reason


def exception_for(
    policy: Policy, patch: PatchFacts, device: DeviceFacts, now: datetime, zone: tzinfo = UTC
) -> Excepted | None:
    """The first exception that keeps the patch from the device now; None: nothing of the kind does."""
    found = exceptions_of(policy, patch, device, now, zone)
    return next((each for each in found if each.state is ExceptionState.IN_FORCE), None)


def exceptions_of(
    policy: Policy, patch: PatchFacts, device: DeviceFacts, now: datetime, zone: tzinfo = UTC
) -> tuple[Excepted, ...]:
    """Every exception that names patch and device, also those that lapsed or reopened, in the order of the text."""
    named = about(policy, patch)
    return tuple(_found(policy, each, patch, now, zone) for each in named if not device_misses(each.devices, device))


def about(policy: Policy, patch: PatchFacts) -> tuple[PolicyException, ...]:
    """The exceptions that name the patch, whatever the device."""
    return tuple(each for each in policy.exceptions if not patch_misses(each.patches, patch))


def ends_at(exception: PolicyException, zone: tzinfo = UTC) -> datetime:
    """The first instant after its last day."""
    return datetime.combine(exception.until_on + timedelta(days=1), time(0), zone).astimezone(UTC)


def next_end(found: Iterable[PolicyException], now: datetime, zone: tzinfo = UTC) -> datetime | None:
    """When the next of them lapses; None: none is to come."""
    return min((at for each in found if (at := ends_at(each, zone)) > now), default=None)


def _found(policy: Policy, each: PolicyException, patch: PatchFacts, now: datetime, zone: tzinfo) -> Excepted:
    name, ends = called(each.kind.value, each), ends_at(each, zone)
    if now >= ends:
        text = f"{name} lapsed at the end of {each.until_on}, so nothing is kept back by it"
        return Excepted(each, ExceptionState.LAPSED, ends, reason("exception_lapsed", text))
    if patch.exploited:
        text = f"{name} was reopened: {patch.title or patch.patch_key} is known to be exploited, so it counts no more"
        return Excepted(each, ExceptionState.REOPENED, ends, reason("exception_reopened", text))
    return Excepted(each, ExceptionState.IN_FORCE, ends, _in_force(policy, each, name, zone))


def _in_force(policy: Policy, each: PolicyException, name: str, zone: tzinfo) -> Reason:
    text = (
        f"{name} keeps it back until the end of {each.until_on} ({zone}): {each.reason}; "
        f"owner: {_who(policy, each.owner)}; accepted by: {_who(policy, each.accepted_by)}; instead: {each.control}"
    )
    if each.due_on is not None:
        text += f"; without it due on {each.due_on}"
    if each.renewals:
        text += f"; renewed {each.renewals} times" if each.renewals > 1 else "; renewed once"
    return reason(f"{each.kind}_in_force", text, until=each.until_on, renewals=each.renewals)


def _who(policy: Policy, key: str) -> str:
    person = policy.people.people.get(key)
    return person.name if person else key
