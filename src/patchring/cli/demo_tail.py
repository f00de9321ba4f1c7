"""Follows what happens at the demo's tenants and says the important of it, with the page's own sentences."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from patchring.cli.demo_office import Office
from patchring.cli.demo_picture import Picture
from patchring.cli.demo_screen import Screen
from patchring.sim.catalogue import PROVIDER, UPDATES, SimUpdate
from patchring.sim.roster import TENANTS, SimTenant
from patchring.web.sentences import SENTENCES, sentence

# What a person at a terminal wants to hear of; the page and `patchring events list` have the rest.
SAID = frozenset(
    {
        "rollout_created",
        "patch_approved",
        "patch_failed",
        "ring_passed",
        "rollout_halted",
        "hold_placed",
        "devices_taken_back",
        "patch_rolled_back",
        "rollout_rolled_back",
        "rollout_completed",
        "work_parked",
        "report_set_aside",
    }
)


def _is_said(event: Mapping[str, Any]) -> bool:
    return event["kind"] in SAID or _is_held(event)


class Tail:
    """`device_names` by id, as the fleet got them."""

    def __init__(self, office: Office, screen: Screen, device_names: Mapping[str, str]) -> None:
        self._office = office
        self._screen = screen
        self._names: dict[str, str] = dict(device_names)
        self._seen = {tenant.slug: 0 for tenant in TENANTS}

    async def follow(self, picture: Picture) -> None:
        """Say what happened since the last time, in the order of time over all tenants."""
        self._names |= {rollout.rollout_id: rollout.title for rollout in picture.rollouts}
        found = [(tenant, event) for tenant, event in await asyncio.to_thread(self._read) if _is_said(event)]
        for tenant, event in sorted(found, key=lambda pair: str(pair[1]["at"])):
            if not _is_idle_ring(event, picture):
                self._say(tenant, event)

    def halted_at_ms(self, update: SimUpdate) -> int:
        """When the stop of this patch was committed, in milliseconds of wall time; 0 when there is none."""
        stops = [stop for stop in self._office.api.each("/stops") if stop["stop_key"].endswith(update.update_id)]
        return min((_milliseconds(stop["placed_at"]) for stop in stops), default=0)

    def is_held(self, tenant: SimTenant, update: SimUpdate) -> bool:
        """Whether the newest decision on the patch lets it nowhere in this tenant."""
        patch = self._office.patch(tenant, f"{PROVIDER}:{update.update_id}")
        decided = self._office.events(tenant, kind="patch_decided", subject=patch["patch_id"])
        return bool(decided) and _is_held(decided[-1])

    def _read(self) -> list[tuple[SimTenant, dict[str, Any]]]:
        new = []
        for tenant in TENANTS:
            events = [event for event in self._office.events(tenant) if event["seq"] > self._seen[tenant.slug]]
            self._seen[tenant.slug] = max((event["seq"] for event in events), default=self._seen[tenant.slug])
            new += [(tenant, event) for event in events]
        return new

    def _say(self, tenant: SimTenant, event: Mapping[str, Any]) -> None:
        name = self._names.get(event["subject_id"]) or _title(event["data"])
        said = SENTENCES.get(event["kind"])
        clock = datetime.fromisoformat(event["at"]).strftime("%H:%M:%S")
        text = sentence(event["kind"], name, event["data"])
        self._screen.say(text, said.tone if said else "", clock, tenant.name)


def _title(data: Mapping[str, Any]) -> str:
    """What a patch is called whose event names it by its key alone."""
    key = str(data.get("patch_key", ""))
    return next((update.title for update in UPDATES if key.endswith(update.update_id)), "")


def _is_held(event: Mapping[str, Any]) -> bool:
    """Of all decisions, those by which a rule lets a patch nowhere are worth a line: nothing else is heard of it."""
    said = event["data"].get("segments", {}).values() if event["kind"] == "patch_decided" else ()
    return bool(said) and all(segment["outcome"] in ("hold", "block") and segment["rule"] for segment in said)


def _is_idle_ring(event: Mapping[str, Any], picture: Picture) -> bool:
    """A ring without devices passes as well; nobody wants to hear of it."""
    if event["kind"] != "ring_passed":
        return False
    for rollout in picture.rollouts:
        if rollout.rollout_id == event["subject_id"]:
            ring = next((r for r in rollout.rings if r.number == event["data"].get("ring")), None)
            return ring is not None and ring.device_count == 0
    return False


def _milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
