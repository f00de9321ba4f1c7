"""What follows from the pool in one tenant: its record says so once, and its rollout is looked at again."""

from collections.abc import Collection, Mapping
from uuid import UUID

from patchring.app.work import Work
from patchring.core.reason import Reason
from patchring.store.transaction import Row

HELD, SLOWER, NOTHING = "held", "slower", ""


def tell(
    work: Work,
    rollout_id: UUID,
    patch_key: str,
    parts: Mapping[str, Row],
    held: Mapping[str, str],
    slower: Mapping[str, Reason],
) -> None:
    """`parts` are rows to be written, by facet; `held` are sentences by facet, also of what was held before."""
    for facet, part in sorted(parts.items()):
        now = HELD if facet in held else SLOWER if facet in slower else NOTHING
        if now == part["told"]:
            continue
        said = held.get(facet) or (slower[facet].text if facet in slower else "nothing stands against it any more")
        kind = {HELD: "gate_held", SLOWER: "gate_slowed", NOTHING: "gate_cleared"}[now]
        about = {"rollout_id": str(rollout_id), "patch_key": patch_key, "facet": facet, "words": part["words"]}
        work.record(kind, "rollout", rollout_id, {**about, "reason": said})
        part["told"] = now
        work.wake("rollout", rollout_id)


def released(parts: Mapping[str, Row], held: Collection[str]) -> bool:
    """Whether this tenant was told of a hold that is no more: the others have to hear of it as well."""
    return any(part["told"] == HELD and facet not in held for facet, part in parts.items())
