"""What must never happen in a world, looked for in what its machines really did and in what its tables say at the end.

None of this asks the rules that are under test: windows, stops and limits are worked out here once more, from the
scenario and by other means. Each function gives one sentence for each thing that is wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from patchring.app.chain import broken_links
from patchring.sim.device import SimDevice
from patchring.sim.machine import Begun
from patchring.sim.world.scenario import DailyWindow
from patchring.sim.world.world import ENDED, World, waits_well

Row = Mapping[str, Any]
PERMIT_FOR = timedelta(seconds=60)
# A worker that dies is followed by another, and what failed is tried again after minutes.
SEEN_WITHIN = timedelta(minutes=10)
FAR = datetime.max.replace(tzinfo=UTC)
FINAL = frozenset({"waiting", "verified", "failed", "rolled_back", "rollback_failed", "skipped"})
_WRONG = ("failed", "rolling_back", "rolled_back", "rollback_failed")


@dataclass
class Seen:
    """Everything there is to look at, by its names."""

    world: World

    def __post_init__(self) -> None:
        rows = self.world.tables.rows
        self.tenants = {tenant.tenant_id: tenant for tenant in self.world.tenants}
        self.devices = {UUID(device.device_id): device for device in self.world.devices}
        self.permits = {row["permit_id"]: row for row in rows("permit")}
        self.actions = {row["action_id"]: row for row in rows("action")}
        self.rollouts = {row["rollout_id"]: row for row in rows("rollout")}
        self.patches = {row["patch_id"]: row for row in rows("patch")}
        self.stops = rows("stop")
        self.events = rows("event")
        self.placed = {(row["rollout_id"], row["device_id"]): row for row in rows("rollout_device")}
        self.rings = {(row["rollout_id"], row["ring"]): row for row in rows("rollout_ring")}

    def place(self, permit: Row) -> Row:
        action = self.actions[permit["action_id"]]
        return self.placed[action["rollout_id"], action["device_id"]]

    def placed_until(self, ring: Row, at: datetime) -> int:
        """How many devices were put into a ring until then, as the record says; others join late."""
        told = [row for row in self.events if row["subject_id"] == str(ring["rollout_id"]) and row["at"] <= at]
        kinds = ("rollout_created", "devices_joined_rollout")
        return sum(row["data"]["rings"].get(str(ring["ring"]), 0) for row in told if row["kind"] in kinds)

    def of_patch(self) -> Iterator[tuple[Row, Row]]:
        """Permits to install, and to restart for that, with their actions; not those of remedies."""
        for permit in self.permits.values():
            action = self.actions[permit["action_id"]]
            if action["purpose"] == "patch":
                yield permit, action


def broken(world: World) -> list[str]:
    """Everything that is wrong; empty: nothing."""
    seen = Seen(world)
    return [sentence for rule in RULES for sentence in rule(seen)]


def begun_without_permit(seen: Seen) -> Iterator[str]:
    """Whatever a machine began has a permit of its own, live at that moment."""
    for device_id, device in seen.devices.items():
        begun = Counter(each.permit_id for each in device.machine.begun)
        yield from (f"{device.name} began {count} times under one permit" for count in begun.values() if count > 1)
        for each in device.machine.begun:
            yield from _one_begun(seen, device_id, device, each)


def _one_begun(seen: Seen, device_id: UUID, device: SimDevice, begun: Begun) -> Iterator[str]:
    at = datetime.fromtimestamp(begun.at_ms / 1000, UTC)
    permit = seen.permits.get(UUID(begun.permit_id)) if begun.permit_id else None
    if permit is None:
        yield f"{device.name} began {begun.product} {begun.version} at {at} without a permit"
        return
    if permit["device_id"] != device_id:
        yield f"{device.name} began under the permit of another device"
    # A machine's clock says milliseconds.
    if not permit["granted_at"] - timedelta(milliseconds=1) <= at <= permit["granted_at"] + PERMIT_FOR:
        yield f"{device.name} began at {at} under a permit of {permit['granted_at']}"
    if permit["settled_at"] is not None and permit["settled_at"] < at - timedelta(milliseconds=1):
        yield f"{device.name} began at {at} under a permit that was settled at {permit['settled_at']}"
    wanted = seen.actions[permit["action_id"]]["packages"]
    if (begun.product, begun.version) not in {(each["name"], each["version"]) for each in wanted}:
        yield f"{device.name} began {begun.product} {begun.version}, the action says {wanted}"


def settled_too_soon(seen: Seen) -> Iterator[str]:
    """A permit is not over while what it allowed still runs."""
    for device in seen.devices.values():
        for down in device.machine.downs:
            permit = seen.permits.get(UUID(down.permit_id)) if down.permit_id else None
            ended = datetime.fromtimestamp(down.to_ms / 1000, UTC)
            if permit and permit["settled_at"] and permit["settled_at"] < ended - timedelta(milliseconds=1):
                yield f"{device.name}: its permit was settled at {permit['settled_at']}, it worked until {ended}"


def outside_window(seen: Seen) -> Iterator[str]:
    """Permits lie in their windows with room for the installation, and in no blackout."""
    for permit, action in seen.of_patch():
        tenant, place = seen.tenants[permit["tenant_id"]], seen.place(permit)
        local = permit["granted_at"].astimezone(ZoneInfo(tenant.told.tenant.zone)).replace(tzinfo=None)
        window = {"rest": tenant.told.early, "servers": tenant.told.late}.get(place["segment"])
        if window is not None and not _open(window, local, tenant.told.expected_duration):
            yield f"{tenant.told.tenant.slug}: a permit to {action['kind']} at {local}, the window is {window}"
        day = tenant.told.blackout_day
        if day is not None and local.date() == datetime(2026, 11, 2 + day).date():  # noqa: DTZ001 - local time
            yield f"{tenant.told.tenant.slug}: a permit at {local}, in a blackout"


def _open(window: DailyWindow, local: datetime, takes: timedelta) -> bool:
    for days in (0, 1):
        opens = local.replace(hour=window.begin_h, minute=0, second=0, microsecond=0) - timedelta(days=days)
        if opens <= local and local + takes <= opens + window.lasts:
            return True
    return False


def after_a_halt(seen: Seen) -> Iterator[str]:
    """No permit is given while a stop that concerns it is in force; remedies mind the broad ones that people placed."""
    for permit in seen.permits.values():
        action, place = seen.actions[permit["action_id"]], seen.place(permit)
        rollout = seen.rollouts[action["rollout_id"]]
        patch_key = seen.patches[rollout["patch_id"]]["patch_key"]
        broad = {"everything", f"tenant:{permit['tenant_id']}"}
        narrow = {
            f"patch:{patch_key}",
            f"rollout:{rollout['rollout_id']}",
            f"ring:{rollout['rollout_id']}:{place['ring']}",
        }
        remedy = action["purpose"] == "remedy"
        for stop in seen.stops:
            concerns = stop["stop_key"] in broad or (stop["stop_key"] in narrow and not remedy)
            by_itself = remedy and stop["placed_by"] == "worker"
            if concerns and not by_itself and stop["placed_at"] < permit["granted_at"] < (stop["lifted_at"] or FAR):
                yield f"a permit at {permit['granted_at']}, stopped ({stop['stop_key']}) since {stop['placed_at']}"


def out_of_order(seen: Seen) -> Iterator[str]:
    """Nothing goes into a ring before the rings before it have passed, each on enough verified devices that soaked."""
    for (rollout_id, ring), at in _first_permits(seen).items():
        for before in range(ring):
            held = seen.rings[rollout_id, before]
            if held["passed_at"] is None or held["passed_at"] > at:
                yield f"ring {ring} began at {at}, ring {before} passed at {held['passed_at']}"
            elif held["device_count"]:
                yield from _passed_early(seen, held)


def _first_permits(seen: Seen) -> dict[tuple[UUID, int], datetime]:
    """When something was first permitted, by rollout and ring."""
    first: dict[tuple[UUID, int], datetime] = {}
    for permit, action in seen.of_patch():
        key = action["rollout_id"], seen.place(permit)["ring"]
        first[key] = min(first.get(key, FAR), permit["granted_at"])
    return first


def _passed_early(seen: Seen, ring: Row) -> Iterator[str]:
    tenant = seen.tenants[ring["tenant_id"]]
    soak, needed = tenant.told.soaks[ring["ring"]]
    rows = [
        row
        for (rollout_id, _), row in seen.placed.items()
        if rollout_id == ring["rollout_id"] and row["ring"] == ring["ring"]
    ]
    verified = sorted(row["verified_at"] for row in rows if row["verified_at"] is not None)
    before = [at for at in verified if at <= ring["passed_at"]]
    skipped = len([row for row in rows if row["state"] == "skipped"])
    enough = min(needed, seen.placed_until(ring, ring["passed_at"]) - skipped)
    if len(before) < enough:
        yield f"ring {ring['ring']} passed at {ring['passed_at']} with {len(before)} verified, {enough} are enough"
    elif enough > 0 and before[enough - 1] + soak > ring["passed_at"]:
        yield f"ring {ring['ring']} passed at {ring['passed_at']}, verified at {before}, it had to soak {soak}"


def ahead_of_others(seen: Seen) -> Iterator[str]:
    """Who has no devices in a ring waits for those of others: something of it is verified somewhere before."""
    for (rollout_id, number), at in _first_permits(seen).items():
        patch_id = seen.rollouts[rollout_id]["patch_id"]
        for before in range(number):
            if seen.placed_until(seen.rings[rollout_id, before], at):
                continue
            others = list(_rings_elsewhere(seen, seen.patches[patch_id]["patch_key"], before))
            there = sum(seen.placed_until(ring, at - SEEN_WITHIN) for ring in others)
            if there and not any(row["first_verified_at"] and row["first_verified_at"] <= at for row in others):
                yield f"ring {number} began at {at}; of {there} devices elsewhere in ring {before} none was verified"


def _rings_elsewhere(seen: Seen, patch_key: str, number: int) -> Iterator[Row]:
    for (rollout_id, ring), row in seen.rings.items():
        if ring == number and seen.patches[seen.rollouts[rollout_id]["patch_id"]]["patch_key"] == patch_key:
            yield row


def not_halted(seen: Seen) -> Iterator[str]:
    """Nothing goes into a ring in which more failed than the policy allows; people who resume accept what failed."""
    for (rollout_id, number), ring in seen.rings.items():
        if ring["forgiven_count"]:
            continue
        failed_at = sorted(_failures(seen, rollout_id, number))
        allowed = seen.tenants[ring["tenant_id"]].told.failed_max
        if len(failed_at) <= allowed:
            continue
        halted_by = failed_at[allowed] + SEEN_WITHIN
        for permit, action in seen.of_patch():
            here = action["rollout_id"] == rollout_id and seen.place(permit)["ring"] == number
            if here and action["kind"] == "install" and permit["granted_at"] > halted_by:
                yield f"ring {number} goes on at {permit['granted_at']}, failures: {failed_at}, {allowed} allowed"


def _failures(seen: Seen, rollout_id: UUID, ring: int) -> Iterator[datetime]:
    where = str(rollout_id), ring
    for event in seen.events:
        if event["kind"] == "patch_failed" and (event["data"]["rollout_id"], event["data"]["ring"]) == where:
            yield event["at"]


def over_a_limit(seen: Seen) -> Iterator[str]:
    """Never more live permits at once than tenant, site and group allow."""
    for tenant in seen.tenants.values():
        groups: defaultdict[str, list[tuple[datetime, int]]] = defaultdict(list)
        for permit, _ in seen.of_patch():
            if permit["tenant_id"] == tenant.tenant_id:
                for name in _slots(seen, permit):
                    groups[name] += [(permit["granted_at"], 1), (permit["settled_at"] or FAR, -1)]
        limits = {"tenant": tenant.told.limit, "site": tenant.told.site_limit}
        for name, moves in groups.items():
            level = most = 0
            for _, step in sorted(moves):
                level += step
                most = max(most, level)
            if most > limits.get(name, 1):
                yield f"{tenant.told.tenant.slug}: {most} at once for {name}, {limits.get(name, 1)} allowed"


def _slots(seen: Seen, permit: Row) -> list[str]:
    group = seen.devices[permit["device_id"]].machine.place.redundancy
    return ["tenant", "site", *([f"group {group}"] if group else [])]


def counted_twice(seen: Seen) -> Iterator[str]:
    """Counts are what they count: devices of rings, slots, the pooled evidence, events of the gate."""
    states: defaultdict[tuple[UUID, int], Counter[str]] = defaultdict(Counter)
    for (rollout_id, _), row in seen.placed.items():
        states[rollout_id, row["ring"]][str(row["state"])] += 1
    for key, ring in seen.rings.items():
        counts = {str(state): count for state, count in ring["counts"].items() if count}
        if counts != dict(states[key]) or ring["device_count"] != sum(states[key].values()):
            yield f"ring {key} counts {counts}, and there are {dict(states[key])}"
    taken = Counter((row["tenant_id"], row["slot_key"]) for row in seen.world.tables.rows("permit_slot"))
    for slot in seen.world.tables.rows("slot"):
        holding = taken[slot["tenant_id"], slot["slot_key"]]
        if slot["in_flight"] != holding:
            yield f"slot {slot['slot_key']} says {slot['in_flight']}, {holding} hold it"
    live = {row["permit_id"] for row in seen.permits.values() if row["settled_at"] is None}
    held = {row["permit_id"] for row in seen.world.tables.rows("permit_slot")}
    yield from (f"permit {each} is settled and still holds a slot" for each in held - live)
    yield from _pool_differs(seen)


def _pool_differs(seen: Seen) -> Iterator[str]:
    pooled: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for (rollout_id, number), ring in seen.rings.items():
        patch = seen.patches[seen.rollouts[rollout_id]["patch_id"]]
        pooled[patch["patch_key"], number].update({name: int(count) for name, count in ring["pooled"].items()})
    for row in seen.world.tables.rows("evidence"):
        of_rings = pooled[row["patch_key"], row["ring"]]
        for name in ("device_count", "verified_count", "failed_count"):
            if row[name] != of_rings[name]:
                yield f"evidence of ring {row['ring']}: {name} is {row[name]}, the rings added {of_rings[name]}"


def not_over(seen: Seen) -> Iterator[str]:
    """Once nothing goes wrong any more, everything comes to its end."""
    for row in seen.rollouts.values():
        if row["state"] not in ENDED and not waits_well(seen.world.tables, row):
            yield f"a rollout is still {row['state']}: {[each['text'] for each in row['reasons']]}"
    for (rollout_id, _), row in seen.placed.items():
        rollout = seen.rollouts[rollout_id]
        if row["state"] not in FINAL and rollout["state"] == "completed":
            yield f"a device is still {row['state']} in a completed rollout"
    for device in seen.devices.values():
        if device.disk.kept.journal:
            yield f"{device.name} still has {len(device.disk.kept.journal)} reports that nobody took"
        if device.machine.half_done:
            yield f"{device.name} is half done"


def not_what_it_is(seen: Seen) -> Iterator[str]:
    """What is called verified has the patch, and what is called rolled back has it no more."""
    for (rollout_id, device_id), row in seen.placed.items():
        patch = seen.patches[seen.rollouts[rollout_id]["patch_id"]]
        version = seen.devices[device_id].machine.installed.get(patch["name"])
        wanted = {"verified": patch["version"], "rolled_back": row["from_version"]}.get(str(row["state"]))
        if wanted is not None and version != wanted:
            yield f"{seen.devices[device_id].name} is {row['state']} and has {version}"


def lost_or_parked(seen: Seen) -> Iterator[str]:
    """Every report was looked at and none set aside, no work was given up, and the record is whole."""
    for report in seen.world.tables.rows("report"):
        if report["processed_at"] is None or report["problem"] is not None:
            yield f"a report ({report['kind']}) was not taken in: {report['problem']}"
    chains: defaultdict[UUID, list[Row]] = defaultdict(list)
    for event in seen.events:
        chains[event["tenant_id"]].append(event)
        if event["kind"] == "work_parked":
            yield f"work was parked: {event['data']}"
    for events in chains.values():
        in_order = sorted(events, key=lambda row: int(row["seq"]))
        yield from (f"the chain breaks at {seq}" for seq in broken_links(in_order))


Rule = Callable[[Seen], Iterator[str]]
RULES: tuple[Rule, ...] = (
    begun_without_permit,
    settled_too_soon,
    outside_window,
    after_a_halt,
    out_of_order,
    ahead_of_others,
    not_halted,
    over_a_limit,
    counted_twice,
    not_over,
    not_what_it_is,
    lost_or_parked,
)
