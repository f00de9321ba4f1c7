"""`python -m patchring.sim.world SEED`: one world in memory, what happened in it, and which rules it broke."""

import sys

from patchring.sim.world.faults import WorldRates
from patchring.sim.world.memory import MemoryDatabase, MemoryTables
from patchring.sim.world.runs import quiet, result_of
from patchring.sim.world.scenario import scenario_of
from patchring.sim.world.virtual import VirtualLoop
from patchring.sim.world.world import World, build, live, run_world

LINE_MAX = 200  # characters of an event worth reading in a terminal


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not arguments[0].isdecimal():
        print("Expected one seed, a whole number. Example: python -m patchring.sim.world 211")
        return 2
    quiet()
    seed, tables = int(arguments[0]), MemoryTables()

    async def body(loop: VirtualLoop) -> tuple[World, float]:
        world = build(scenario_of(seed), MemoryDatabase(tables), tables, WorldRates())
        return world, await live(world)

    world, took_s = run_world(seed, body)
    result = result_of(seed, world, took_s)
    names = {tenant.tenant_id: tenant.told.tenant.slug for tenant in world.tenants}
    for event in sorted(tables.rows("event"), key=lambda row: (row["at"], str(row["tenant_id"]), row["seq"])):
        line = f"{event['at']:%a %H:%M:%S} {names.get(event['tenant_id'], '-'):8} {event['kind']:24} {event['data']}"
        print(line[:LINE_MAX])
    print(f"\nseed {seed}: {result.devices} devices, {result.rollouts} wide rollouts, {result.hours:.1f} hours")
    print("faults: " + ", ".join(f"{count} {name}" for name, count in result.faults.items()))
    print("\n".join(f"BROKEN {rule}" for rule in result.broken) or "no rule is broken")
    return 1 if result.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
