"""Known issues: what is known to break devices of some kind, so that they do not get it (C5). A safeguard hold.

It counts until a person releases it, until the end of its last day in UTC, and never for a version in which it is
fixed. That a patch is known to be exploited does not end it: it breaks these devices all the same, so a person weighs
the one against the other, or puts a mitigation in place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from patchring.core.devices import DeviceFacts, PatchFacts
from patchring.core.policy.condition import Condition
from patchring.core.policy.match import described, device_misses, patch_misses
from patchring.core.reason import Reason, reason
from patchring.core.versions import older, scheme_of

CODE = "known_issue"


@dataclass(frozen=True)
class KnownIssue:
    """`patches` are conditions of the patch, at least one; `devices` of the device, none: all devices. `source` is
    where it is written, `release_when` says in words what has to come first. `fixed_in`: versions from there on are not
    concerned; empty: all are. `until_on` None: it has no last day."""

    issue_id: UUID
    name: str
    patches: tuple[Condition, ...]
    devices: tuple[Condition, ...]
    reason: str
    source: str
    release_when: str
    fixed_in: str = ""
    until_on: date | None = None


def about(issues: Iterable[KnownIssue], patch: PatchFacts, now: datetime) -> tuple[KnownIssue, ...]:
    """Those that name the patch and count now, whatever the device."""
    return tuple(each for each in issues if _counts(each, now) and _names(each, patch))


def safeguards(issues: Iterable[KnownIssue], patch: PatchFacts, device: DeviceFacts, now: datetime) -> list[Reason]:
    """Why the patch is kept from the device, one for each issue that says so; none: nothing known speaks against it."""
    return [told(each) for each in about(issues, patch, now) if not device_misses(each.devices, device)]


def next_end(issues: Iterable[KnownIssue], now: datetime) -> datetime | None:
    """When the next of them ends by itself; None: none does."""
    ends = (_ends_at(each.until_on) for each in issues if each.until_on is not None)
    return min((at for at in ends if at > now), default=None)


def told(issue: KnownIssue) -> Reason:
    """The sentence for pages, permits and records."""
    whom = f"devices where {_all_of(issue.devices)}" if issue.devices else "every device"
    text = f"known issue {issue.name} keeps it from {whom}: {issue.reason} ({issue.source}); {_until(issue)}"
    return reason(CODE, text, issue=issue.issue_id)


def _until(issue: KnownIssue) -> str:
    ends = [f"until {issue.release_when}"]
    if issue.fixed_in:
        ends.append(f"not for {issue.fixed_in} and later")
    if issue.until_on is not None:
        ends.append(f"at the latest until the end of {issue.until_on} UTC")
    return "; ".join(ends)


def _all_of(conditions: Sequence[Condition]) -> str:
    return " and ".join(described(each) for each in conditions)


def _counts(issue: KnownIssue, now: datetime) -> bool:
    return issue.until_on is None or now < _ends_at(issue.until_on)


def _ends_at(until_on: date) -> datetime:
    return datetime.combine(until_on + timedelta(days=1), time(0), UTC)


def _names(issue: KnownIssue, patch: PatchFacts) -> bool:
    if patch_misses(issue.patches, patch):
        return False
    return not issue.fixed_in or older(scheme_of(patch.provider), patch.version, issue.fixed_in)
