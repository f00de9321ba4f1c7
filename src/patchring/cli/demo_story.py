"""The demo's story: what is done when, what has to come of it, and what is said at the end.

Nothing here changes what the server decides. The story publishes updates on the simulated machines, approves what waits
for a person with the operator's key, and watches; whether it came out as told is asked of the server and of the
machines themselves.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from patchring.cli.demo_office import Office
from patchring.cli.demo_picture import Picture, SeenRollout, seen_rollout
from patchring.cli.demo_screen import Screen
from patchring.cli.demo_tail import Tail
from patchring.core.rollout.states import DeviceState, RingState, RolloutState
from patchring.sim.catalogue import DISPLAY_DRIVER, FRAMEWORK, SERVER_CUMULATIVE, UPDATES, WEBVIEW
from patchring.sim.fleet import Fleet
from patchring.sim.roster import OPERATOR, TENANTS, SimTenant
from patchring.wire.authority import PERMIT_LIFETIME_S

LOOK_S = 1.0
CLIENTS = tuple(tenant for tenant in TENANTS if tenant.kind == "client")


@dataclass(frozen=True)
class Pace:
    """Seconds of real time. `think`: how long a person looks at a review; `late_at`: when the second patch comes at
    the latest; `patience`: after which the story is said to have gone wrong."""

    think: float = 5.0
    late_at: float = 40.0
    patience: float = 420.0


@dataclass
class Ending:
    """What came of it: sentences with their tone, and what differs from the story (empty: nothing does)."""

    told: list[tuple[str, str]] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)


class Story:
    def __init__(self, office: Office, fleet: Fleet, screen: Screen, tail: Tail, pace: Pace) -> None:
        self._office = office
        self._fleet = fleet
        self._screen = screen
        self._tail = tail
        self._pace = pace
        self._picture = Picture()
        self._waits_since: dict[str, float] = {}
        self._approved: set[str] = set()
        self._began_at = 0.0

    async def tell(self) -> Ending:
        """From the first scan to the end. Raises TimeoutError never: what is not reached in time is in the ending."""
        self._began_at = self._now()
        await self._until(self._fleet.all_scanned, "every device sends its first scan")
        self._screen.head("Published: a runtime, a server update, an optional driver")
        for update in (FRAMEWORK, SERVER_CUMULATIVE, DISPLAY_DRIVER):
            self._fleet.publish(update)
        await self._until(self._first_client_ring_passed, "ring 0, then the first clients", self._pace.late_at)
        self._screen.head("Published: a browser runtime that stops kiosk screens")
        self._fleet.publish(WEBVIEW)
        await self._until(self._is_over, "all rings; the bad one halted and taken back")
        return self._ending()

    async def _until(self, holds: Any, doing: str, at_most: float | None = None) -> bool:
        """Watch, and do what a person does, until something holds; False when patience ended first."""
        end = self._now() + (at_most or self._pace.patience)
        while not holds():
            if self._now() > end:
                return False
            await self.look(doing)
            await self._decide()
            await asyncio.sleep(LOOK_S)
        return True

    async def look(self, doing: str = "") -> Picture:
        """Read the rollouts and what happened; show both."""
        rows = await asyncio.to_thread(self._read)
        self._picture = Picture(sorted((seen_rollout(tenant, row) for tenant, row in rows), key=_order))
        await self._tail.follow(self._picture)
        seconds = int(self._now() - self._began_at)
        self._screen.show(self._picture, f"{seconds // 60}:{seconds % 60:02d}  {doing}")
        died = self._fleet.failed_lives()
        assert not died, f"a simulated device died: {died[0]!r}"
        return self._picture

    def _read(self) -> list[tuple[SimTenant, dict[str, Any]]]:
        return [(tenant, row) for tenant in TENANTS for row in self._office.rollouts(tenant)]

    async def _decide(self) -> None:
        """A person has thought about what waits for approval, and approves it with the tenant's key: for the MSP's own
        lab server first, for the clients when that is verified."""
        own = self._picture.find(SERVER_CUMULATIVE, OPERATOR)
        proven = own is not None and own.count(DeviceState.VERIFIED) > 0
        for rollout in self._picture.of(SERVER_CUMULATIVE):
            if rollout.state != RolloutState.AWAITING_APPROVAL or rollout.rollout_id in self._approved:
                continue
            if rollout.tenant != OPERATOR and not proven:
                continue
            since = self._waits_since.setdefault(rollout.rollout_id, self._now())
            if self._now() - since >= self._pace.think:
                self._approved.add(rollout.rollout_id)
                await asyncio.to_thread(self._office.approve, rollout.tenant, rollout.patch_key)

    def _first_client_ring_passed(self) -> bool:
        found = [self._picture.find(FRAMEWORK, tenant) for tenant in CLIENTS]
        rings = [ring for rollout in found if rollout for ring in rollout.rings if ring.number == 1]
        return any(ring.state == RingState.PASSED for ring in rings)

    def _is_over(self) -> bool:
        bad = self._picture.of(WEBVIEW)
        taken_back = any(rollout.state == RolloutState.ROLLED_BACK for rollout in bad)
        settled = all(rollout.is_settled for rollout in bad)
        good = all(self._picture.completed(update, TENANTS) for update in (FRAMEWORK, SERVER_CUMULATIVE))
        return good and taken_back and settled and not self._fleet.unhealthy()

    def _ending(self) -> Ending:
        ending = Ending()
        for part in (self._good, self._bad, self._held, self._reviewed):
            part(ending)
        down = self._fleet.unhealthy()
        if down:
            ending.differs.append(f"every service should run at the end; down on {', '.join(down)}")
        return ending

    def _good(self, ending: Ending) -> None:
        verified, there = self._picture.verified(FRAMEWORK), len(self._fleet.having(FRAMEWORK))
        text = f"by rule through rings 0 to 3, verified on {verified} of {self._picture.devices(FRAMEWORK)} devices"
        ending.told.append(("verified", f"{FRAMEWORK.title}: {text}."))
        if not self._picture.completed(FRAMEWORK, TENANTS) or verified != there:
            text = f"verified on {verified}, there on {there}"
            ending.differs.append(f"{FRAMEWORK.title} should be verified everywhere; {text}")

    def _bad(self, ending: Ending) -> None:
        client_rollouts = [rollout for rollout in self._picture.of(WEBVIEW) if rollout.tenant.kind == "client"]
        taken_back = [rollout for rollout in client_rollouts if rollout.state == RolloutState.ROLLED_BACK]
        if not taken_back:
            ending.differs.append(f"{WEBVIEW.title} should be halted and taken back at a client; it was not")
            return
        first = taken_back[0]
        ending.told.append(("failed", f"{WEBVIEW.title}: {first.why} ({first.tenant.name})."))
        ending.told.append(("rolled", _way_back(taken_back)))
        self._last_start(ending)
        spared = [rollout.tenant.name for rollout in client_rollouts if _reached(rollout) < 0]
        if spared:
            text = f"{' and '.join(spared)} never got it: what failed at one client is stopped at all"
            ending.told.append(("verified", f"{text}."))
        further = [rollout for rollout in client_rollouts if _reached(rollout) > 1]
        if further:
            ending.differs.append(f"{WEBVIEW.title} should not pass ring 1; it did at {further[0].tenant.name}")

    def _last_start(self, ending: Ending) -> None:
        """The promise of a halt, measured on the machines: no start later than one permit lifetime after it."""
        halted_ms, begun = self._tail.halted_at_ms(WEBVIEW), self._fleet.begun_forward(WEBVIEW)
        after_s = (max(begun) - halted_ms) / 1000
        if after_s <= 0:
            text = f"The last installation began {-after_s:.1f} s before the halt"
            ending.told.append(("aside", f"{text}; after it, none."))
        else:
            text = f"The last installation began {after_s:.1f} s after the halt, with a permit from before it"
            ending.told.append(("aside", f"{text}; at most {PERMIT_LIFETIME_S} s are promised."))
        if after_s > PERMIT_LIFETIME_S:
            ending.differs.append(f"nothing should begin {PERMIT_LIFETIME_S} s after a halt; something did")

    def _held(self, ending: Ending) -> None:
        rollouts, there = self._picture.of(DISPLAY_DRIVER), self._fleet.having(DISPLAY_DRIVER)
        held = [tenant for tenant in TENANTS if self._tail.is_held(tenant, DISPLAY_DRIVER)]
        text = f"held by rule at {len(held)} tenants, offered to nobody"
        ending.told.append(("aside", f"{DISPLAY_DRIVER.title}: {text}."))
        if rollouts or there or len(held) < 2:
            ending.differs.append(f"{DISPLAY_DRIVER.title} should be held by rule; it was not")

    def _reviewed(self, ending: Ending) -> None:
        verified = self._picture.verified(SERVER_CUMULATIVE)
        text = f"waited for a person, approved with each tenant's key, verified after a restart on {verified} servers"
        together = self._fleet.down_together()
        pairs = "never both of a pair down at once" if not together else f"down together: {together}"
        ending.told.append(("verified" if not together else "failed", f"{SERVER_CUMULATIVE.title}: {text}; {pairs}."))
        if together:
            ending.differs.append(f"only one of a redundancy group should be down at once; both of {together[0]} were")
        if not self._picture.completed(SERVER_CUMULATIVE, TENANTS):
            ending.differs.append(f"{SERVER_CUMULATIVE.title} should be verified after its approval; it was not")

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _way_back(taken_back: Sequence[SeenRollout]) -> str:
    devices = sum(rollout.count(DeviceState.ROLLED_BACK) for rollout in taken_back)
    names = " and ".join(rollout.tenant.name for rollout in taken_back)
    return f"{devices} devices of {names} are back on the version before, verified; the patch is held."


def _reached(rollout: SeenRollout) -> int:
    """The outermost ring in which a device was touched; -1: none was."""
    resting = (DeviceState.WAITING, DeviceState.SKIPPED)
    touched = [r.number for r in rollout.rings if any(n for state, n in r.counts.items() if state not in resting)]
    return max(touched, default=-1)


def _order(rollout: SeenRollout) -> tuple[int, int]:
    titles = [update.title for update in UPDATES]
    title = titles.index(rollout.title) if rollout.title in titles else len(titles)
    return title, [OPERATOR, *CLIENTS].index(rollout.tenant)
