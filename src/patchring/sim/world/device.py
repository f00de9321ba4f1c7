"""A device of a world: the agent's own loop on a simulated machine, with the world's faults in its way."""

from patchring.core.ids import TenantId
from patchring.sim.clocks import DeviceClock
from patchring.sim.device import SimDevice, WentDown
from patchring.sim.disk import Disk
from patchring.sim.faults import Faults
from patchring.sim.fleet import AGENT_VERSION
from patchring.sim.machine import Machine
from patchring.sim.world.faults import NEVER, Fault, WorldFaults
from patchring.sim.world.ground import GroundDevice
from patchring.sim.world.link import Door, WorldLink
from patchring.sim.world.virtual import SkewedClock, WorldClock
from patchring_agent.loop import Identity, Kept

JUMP_S = 7_200.0
# Somebody closes the lid; what had begun goes on when it is opened.
SUSPENDED_S = 5_400.0


class DeviceFaults(Faults):
    """`kills_agent` is asked once for each effect: there the power fails as well, the clock jumps, the lid closes."""

    def __init__(self, world: WorldFaults, seed: int, name: str, clock: SkewedClock) -> None:
        super().__init__(NEVER, seed, name)
        self._world = world
        self._clock = clock
        self._still_s = 0.0

    def kills_agent(self) -> bool:
        fault = self._world.on_device()
        if fault is Fault.POWER_LOST:
            raise WentDown
        if fault is Fault.CLOCK_JUMPED:
            self._clock.off_s = self._world.between(-JUMP_S, JUMP_S)
        self._still_s = self._world.between(1.0, SUSPENDED_S) if fault is Fault.SUSPENDED else 0.0
        return fault is Fault.AGENT_KILLED

    def stands_still_s(self) -> float:
        return self._still_s


def device_of(
    ground: GroundDevice, tenant_id: TenantId, pinned_root: str, door: Door, clock: WorldClock, faults: WorldFaults
) -> SimDevice:
    """Enrolled; its first boot is under way."""
    machine = Machine(ground.place, AGENT_VERSION)
    skewed = SkewedClock(clock)
    own = DeviceClock(skewed, 1.0, clock)
    own.boot()
    link = WorldLink(door, ground.key, tenant_id, ground.device_id, faults)
    of_device = DeviceFaults(faults, 0, ground.place.name, skewed)
    device = SimDevice(machine, link, own, of_device)
    device.placed(Disk(Kept(Identity(str(tenant_id), str(ground.device_id), pinned_root))))
    return device
