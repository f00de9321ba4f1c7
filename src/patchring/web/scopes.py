"""Stop keys, read: what each stops and what a person calls it. The keys are those of `app/stops.py`. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from patchring.app.stops import EVERYTHING, patch_stop, ring_stop, rollout_stop, segment_stop, tenant_stop
from patchring.web.models import Scope, StopView


@dataclass(frozen=True)
class Names:
    """What the stop keys of a page can refer to, by id; only what the viewer may see is in it.

    `rollouts` maps a rollout to its tenant and title, `patches` a patch key to its title.
    """

    tenants: Mapping[UUID, str]
    rollouts: Mapping[UUID, tuple[UUID, str]]
    patches: Mapping[str, str]


@dataclass(frozen=True)
class Stopped:
    """A key taken apart. Exactly the parts that its kind has are set."""

    kind: str
    tenant_id: UUID | None = None
    rollout_id: UUID | None = None
    ring: int | None = None
    patch_key: str = ""
    segment: str = ""


def parse_key(key: str) -> Stopped | None:
    """The parts of a stop key; None for a text that is none."""
    kind, _, rest = key.partition(":")
    try:
        if key == EVERYTHING:
            return Stopped("everything")
        if kind == "patch" and rest:
            return Stopped("patch", patch_key=rest)
        if kind == "tenant":
            return Stopped("tenant", tenant_id=UUID(rest))
        if kind == "rollout":
            return Stopped("rollout", rollout_id=UUID(rest))
        name, _, last = rest.partition(":")
        if kind == "ring":
            return Stopped("ring", rollout_id=UUID(name), ring=int(last))
        if kind == "segment" and last:
            return Stopped("segment", tenant_id=UUID(name), segment=last)
    except ValueError:
        return None
    return None


def label(key: str, names: Names) -> str | None:
    """What the key stops, in words; None when it is nothing that the viewer may see."""
    stopped = parse_key(key)
    if stopped is None:
        return None
    if stopped.kind == "everything":
        return "Everything, all tenants"
    if stopped.kind == "patch":
        title = names.patches.get(stopped.patch_key)
        return f"{title}, all tenants" if title else None
    if stopped.rollout_id is not None:
        return _rollout_label(stopped, names)
    tenant = names.tenants.get(stopped.tenant_id) if stopped.tenant_id else None
    if tenant is None:
        return None
    return tenant if stopped.kind == "tenant" else f"{stopped.segment} at {tenant}"


def _rollout_label(stopped: Stopped, names: Names) -> str | None:
    assert stopped.rollout_id is not None, "a rollout's label needs the rollout"
    found = names.rollouts.get(stopped.rollout_id)
    if found is None or found[0] not in names.tenants:
        return None
    text = f"{found[1]} at {names.tenants[found[0]]}"
    return text if stopped.ring is None else f"Ring {stopped.ring} of {text}"


def stop_view(row: Mapping[str, Any], names: Names) -> StopView | None:
    """A row of `page.stops`; None when it is nothing that the viewer may see."""
    text = label(row["stop_key"], names)
    if text is None:
        return None
    stopped = parse_key(row["stop_key"])
    found = names.rollouts.get(stopped.rollout_id) if stopped and stopped.rollout_id else None
    href = f"/rollouts/{found[0]}/{stopped.rollout_id}" if found and stopped else ""
    return StopView(str(row["stop_id"]), row["stop_key"], text, row["reason"], row["placed_by"], row["placed_at"], href)


def scopes_of_board(
    names: Names, rollouts: Sequence[Mapping[str, Any]], everything: bool, chosen: str = ""
) -> list[Scope]:
    """What can be halted from the board, broadest first. `everything`: the viewer has all tenants."""
    keys = [EVERYTHING] if everything else []
    keys += [tenant_stop(tenant_id) for tenant_id in names.tenants]
    if everything:
        keys += list(dict.fromkeys(patch_stop(row["patch_key"]) for row in rollouts))
    keys += [rollout_stop(row["rollout_id"]) for row in rollouts]
    return _scopes(keys, names, chosen)


def scopes_of_rollout(
    names: Names, rollout: Mapping[str, Any], rings: Sequence[int], everything: bool, segments: Sequence[str] = ()
) -> list[Scope]:
    """What can be halted from a rollout's page: the rollout first, then narrower, then broader."""
    tenant_id, rollout_id = rollout["tenant_id"], rollout["rollout_id"]
    keys = [rollout_stop(rollout_id)]
    keys += [ring_stop(rollout_id, ring) for ring in rings]
    keys += [segment_stop(tenant_id, segment) for segment in segments]
    keys += [tenant_stop(tenant_id)]
    keys += [patch_stop(rollout["patch_key"]), EVERYTHING] if everything else []
    return _scopes(keys, names, keys[0])


def scopes_of_device(names: Names, tenant_id: UUID, everything: bool) -> list[Scope]:
    """What can be halted from a device's page: its tenant, the rollouts that it is in, everything."""
    own = [rollout_stop(rollout_id) for rollout_id, (owner, _) in names.rollouts.items() if owner == tenant_id]
    return _scopes([tenant_stop(tenant_id), *own, *([EVERYTHING] if everything else [])], names, "")


def _scopes(keys: Sequence[str], names: Names, chosen: str) -> list[Scope]:
    labelled = [(key, label(key, names)) for key in keys]
    return [Scope(key, text, key == chosen) for key, text in labelled if text is not None]
