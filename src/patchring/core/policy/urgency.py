"""What is expedited goes faster, never unseen (A8): shorter soaks, one more window, blackouts passed where a row says
so. Ring 0, permits and verification stay.

A ring relies on every ring before it, so its soak is capped only when every segment of the rollout in it and before it
is expedited with a row; the slowest of these rows counts. Where nobody of this rollout is in the rings so far (a
client has no ring 0 of its own), those of the first ring that has devices count, because it is they who wait.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from patchring.core.devices import PatchFacts
from patchring.core.policy.asked import spelled
from patchring.core.policy.match import called, patch_misses
from patchring.core.policy.model import Policy, Ring, Soak, UrgencyRule
from patchring.core.reason import Reason, reason


@dataclass(frozen=True)
class Hurried:
    """The rings of a policy as a rollout has to keep them, and for each ring that is capped the row that says so."""

    rings: tuple[Ring, ...]
    by: Mapping[int, tuple[UrgencyRule, ...]]


def urgency_of(policy: Policy, patch: PatchFacts, names: Collection[str]) -> UrgencyRule | None:
    """The first row whose conditions hold for the patch in the segment (`names`: its own name and that of its base)."""
    for row in policy.urgency:
        if (not row.segments or any(name in row.segments for name in names)) and not patch_misses(row.when, patch):
            return row
    return None


def hurried(rings: Sequence[Ring], segments: Mapping[int, Collection[str]], rows: Mapping[str, UrgencyRule]) -> Hurried:
    """The rings with their soaks capped. `segments` by ring are those of the rollout; `rows` by segment are those that
    are expedited with a row."""
    capped, by = [], {}
    for ring in rings:
        waiting = _who_waits(segments, ring.number)
        slow = [rows[name] for name in waiting if name in rows]
        if waiting and len(slow) == len(waiting):
            soak = _capped(ring.soak, slow)
            if soak != ring.soak:
                by[ring.number] = tuple(dict.fromkeys(slow))
                ring = replace(ring, soak=soak)
        capped.append(ring)
    return Hurried(tuple(capped), by)


def _who_waits(segments: Mapping[int, Collection[str]], number: int) -> list[str]:
    so_far = {name for ring, names in segments.items() if ring <= number for name in names}
    if so_far:
        return sorted(so_far)
    taken = [ring for ring in sorted(segments) if segments[ring]]
    return sorted(segments[taken[0]]) if taken else []


def _capped(soak: Soak, rows: Sequence[UrgencyRule]) -> Soak:
    """Never longer than it was; device-hours stay as they are, because nothing but time brings them."""
    time = max(soak.time if row.soak_max is None else row.soak_max for row in rows)
    verified = max(soak.verified_min if row.verified_max is None else row.verified_max for row in rows)
    return replace(soak, time=min(soak.time, time), verified_min=min(soak.verified_min, verified))


def told(row: UrgencyRule) -> Reason:
    """What a row brings, with its layer and line."""
    parts = []
    if row.soak_max is not None:
        parts.append(f"a ring soaks at most {spelled(row.soak_max)}")
    if row.verified_max is not None:
        parts.append(f"{row.verified_max} verified devices are enough")
    if row.window:
        parts.append(f"window {row.window} is open to it besides")
    if row.in_blackout:
        parts.append("it may begin in a blackout")
    text = f"{called('urgency', row)}: {', '.join(parts) or 'it is told at once, and goes no faster'}"
    return reason("urgency", text, line=row.line, layer=row.layer)
