"""People of a world: they stop things at odd moments, and clear up at the end, by the use cases behind the API."""

from contextlib import suppress
from uuid import UUID

from patchring.app import rollout_commands, stop_commands
from patchring.app.caller import Caller
from patchring.app.errors import AppError, Conflict, NotFound
from patchring.app.permissions import StaffRole
from patchring.app.principals import Principal
from patchring.app.services import Services
from patchring.core.ids import RolloutId, TenantId
from patchring.core.rollout.states import RolloutState
from patchring.sim.world.breaking import ProcessDied
from patchring.sim.world.faults import WorldFaults
from patchring.sim.world.ground import Tables
from patchring.store.errors import StoreError

WHY = "looked odd"
_ON_A_ROLLOUT = {
    "rollout": rollout_commands.halt,
    "rollback": rollout_commands.roll_back,
    "abandon": rollout_commands.abandon,
}


class People:
    """One operator who may do all."""

    def __init__(self, services: Services, tables: Tables, faults: WorldFaults) -> None:
        self._caller = Caller(services, Principal(UUID(int=1), "operator", StaffRole.OPERATOR, None))
        self._tables = tables
        self._faults = faults
        self._placed: list[str] = []

    async def stop(self, what: str) -> None:
        """Stop one thing of this kind, if there is one; whatever the server answers."""
        rollouts = [row for row in self._tables.rows("rollout") if row["state"] == RolloutState.RUNNING]
        with suppress(AppError, StoreError, ProcessDied):
            if what == "everything":
                await self._place(what)
            elif rollouts:
                await self._stop_one(what, rollouts[self._faults.up_to(len(rollouts))])

    async def _stop_one(self, what: str, row: dict[str, object]) -> None:
        tenant_id, rollout_id = TenantId(UUID(str(row["tenant_id"]))), RolloutId(UUID(str(row["rollout_id"])))
        patches = {each["patch_id"]: each["patch_key"] for each in self._tables.rows("patch")}
        if what == "tenant":
            await self._place(f"tenant:{tenant_id}")
        elif what == "patch":
            await self._place(f"patch:{patches[row['patch_id']]}")
        else:
            await _ON_A_ROLLOUT[what](self._caller, tenant_id, rollout_id, WHY)

    async def _place(self, key: str) -> None:
        self._placed.append(key)
        await stop_commands.place(self._caller, key, WHY)

    async def clear_up(self) -> None:
        """Lift what people stopped, and let go on what people halted."""
        for key in self._placed:
            with suppress(NotFound):
                await stop_commands.lift(self._caller, key, "it was nothing")
        self._placed = []
        for row in self._tables.rows("rollout"):
            if row["state"] == RolloutState.HALTED and row["halt_source"] == "person":
                with suppress(Conflict):
                    await rollout_commands.resume(self._caller, row["tenant_id"], row["rollout_id"], "it was nothing")

    async def resume_failed(self) -> int:
        """A rollout that halted by a failure and takes nothing back by itself waits for a person: he takes it back."""
        found = [row for row in self._tables.rows("rollout") if row["state"] == RolloutState.HALTED]
        for row in found:
            with suppress(Conflict):
                await rollout_commands.roll_back(self._caller, row["tenant_id"], row["rollout_id"], "it was bad")
        return len(found)
