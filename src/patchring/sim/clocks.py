"""The two clocks of a simulated device: wall time as it is, and a boot clock that may run faster.

With `speed` 6 a minute of waiting for the device takes ten seconds of the demo. The permit's lifetime is counted on
the boot clock, so it becomes shorter for the device, never longer than the server allows.
"""

import asyncio

from patchring.core.clock import Clock
from patchring_agent.loop import Now


class DeviceClock:
    """`clock` is the wall clock; the boot clock starts at 0 with each `boot`. `true`: the time as it is, where the
    device's own clock is wrong."""

    def __init__(self, clock: Clock, speed: float, true: Clock | None = None) -> None:
        assert speed >= 1, "a device's clock runs at least as fast as the real one"
        self._clock = clock
        self._true = true or clock
        self._speed = speed
        self._booted_at = 0.0
        self.booted_at_ms = 0

    def boot(self) -> None:
        """The device starts: its boot clock begins anew."""
        self._booted_at = asyncio.get_running_loop().time()
        self.booted_at_ms = self.wall_ms()

    def wall_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)

    def true_ms(self) -> int:
        """For whoever watches; the device itself never knows it."""
        return int(self._true.now().timestamp() * 1000)

    def boot_ms(self) -> int:
        return int((asyncio.get_running_loop().time() - self._booted_at) * self._speed * 1000)

    def now(self) -> Now:
        return Now(self.wall_ms(), self.boot_ms())

    def real(self, seconds: float) -> float:
        """How many real seconds this many seconds of the boot clock take; never less than none."""
        return max(0.0, seconds) / self._speed

    async def sleep(self, seconds: float) -> None:
        """Let this many seconds of the boot clock pass."""
        await asyncio.sleep(self.real(seconds))
