"""What a review asks for, and whether the people who spoke have given it: several persons, the client's consent.

One person counts once, however often he approves and whatever his role was at the time. The word of a client's contact
counts only where consent is asked for: elsewhere it is the MSP that decides. A rejection by anybody ends it; what was
approved before the rejection does not count again, what is approved after it does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from patchring.core.policy.model import Asked
from patchring.core.policy.people import Duty
from patchring.core.reason import Reason, reason

APPROVE = "approve"
CLIENT_ROLE = "client_contact"
ONE_PERSON = Asked()


@dataclass(frozen=True)
class Said:
    """One decision of a person on a patch for the segment that is asked about. `by` is `role:name`, as it is recorded;
    without a colon it is a name whose role nobody kept. `expires_at` aware UTC."""

    decision: str
    by: str
    expires_at: datetime

    @property
    def person(self) -> str:
        return self.by.partition(":")[2] or self.by

    @property
    def of_client(self) -> bool:
        return self.by.partition(":")[0] == CLIENT_ROLE and ":" in self.by


@dataclass(frozen=True)
class Standing:
    """`approved`: True when everything that was asked for is there, False when somebody rejected, None while it waits.
    `people` approved and count, newest first. `consented`: a contact of the client is among them."""

    approved: bool | None
    people: tuple[str, ...] = ()
    consented: bool = False


def standing(asked: Asked, said: Iterable[Said], now: datetime) -> Standing:
    """What the decisions, newest first, come to. Without anybody's word: nobody decided."""
    people: dict[str, bool] = {}
    for each in said:
        if each.decision != APPROVE:
            return Standing(False) if not people else _weighed(asked, people)
        if counts(asked, each, now):
            people[each.person] = people.get(each.person, False) or each.of_client
    return _weighed(asked, people)


def counts(asked: Asked, each: Said, now: datetime) -> bool:
    """Whether a word is one of those that are asked for: not expired, and of the MSP or wanted from the client."""
    return each.expires_at > now and (asked.consent or not each.of_client)


def _weighed(asked: Asked, people: dict[str, bool]) -> Standing:
    consented = any(people.values())
    enough = len(people) >= max(1, asked.people_min) and (consented or not asked.consent)
    return Standing(True if enough else None, tuple(people), consented)


def wanted(asked: Asked) -> Reason | None:
    """What a review asks for beyond one person, as a sentence; None: nothing beyond it."""
    if asked == ONE_PERSON:
        return None
    parts = [f"{asked.people_min} different persons" if asked.people_min > 1 else "a person"]
    if asked.consent:
        parts.append("the client's consent")
    within = f" within {spelled(asked.due_within)}" if asked.due_within is not None else ""
    text = f"asks for {' and '.join(parts)}{within}; owner: {owner_of(asked)}"
    return reason("asked", text, people_min=asked.people_min, consent=asked.consent)


def waiting(asked: Asked, found: Standing, asked_at: datetime | None) -> Reason:
    """How many of how many have approved, whose consent is missing, who owns the review and until when it is due, from
    the instant at which the rollout began to wait (None: not known)."""
    if asked == ONE_PERSON:
        return reason("approval_missing", "waits for a person to approve it")
    needed, have = max(1, asked.people_min), len(found.people)
    names = f" ({', '.join(found.people)})" if found.people else ""
    text = f"waits for approval: {have} of {needed} different persons{names}"
    if asked.consent:
        text += ", the client has agreed" if found.consented else ", the client's consent is missing"
    text += f"; owner: {owner_of(asked)}"
    numbers: dict[str, object] = {"people": have, "people_min": needed}
    if asked.due_within is not None and asked_at is not None:
        due_at = asked_at + asked.due_within
        text += f", due {due_at:%Y-%m-%d %H:%M} UTC"
        numbers["due"] = due_at.isoformat()
    return reason("approval_missing", text, **numbers)


def owner_of(asked: Asked) -> str:
    return (asked.owner or Duty.PATCH_ADMINISTRATOR.value).replace("_", " ")


def strictest(asked: Sequence[Asked]) -> Asked:
    """What satisfies each of several: the most persons, consent where one wants it, the shortest time, its owner."""
    if not asked:
        return ONE_PERSON
    first = min(asked, key=lambda each: (timedelta.max if each.due_within is None else each.due_within, each.owner))
    people_min, consent = max(each.people_min for each in asked), any(each.consent for each in asked)
    return Asked(people_min, consent, first.owner, first.due_within)


def spelled(span: timedelta) -> str:
    """`2d`, `1h 30m`: a duration in the spelling of the policy's text."""
    seconds, parts = int(span.total_seconds()), []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
