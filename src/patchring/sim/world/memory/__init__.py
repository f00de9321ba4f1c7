"""The store in memory: the same named statements over dicts, held to PostgreSQL statement by statement.

It knows no SQL and no roles: each statement that worlds need is a function of its name. `tests/sim/world` runs worlds
on both at once and compares every answer.
"""

from patchring.sim.world.memory import actions, beside, check_ins, due, events, inventory, permits, placing, rollouts
from patchring.sim.world.memory.database import MemoryDatabase
from patchring.sim.world.memory.tables import MemoryTables

__all__ = [
    "MemoryDatabase",
    "MemoryTables",
    "actions",
    "beside",
    "check_ins",
    "due",
    "events",
    "inventory",
    "permits",
    "placing",
    "rollouts",
]
