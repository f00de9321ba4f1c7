"""`patchring demo`: the whole server on this machine, three tenants with sixty simulated devices, and a story.

A good patch goes by rule through rings 0 to 3; one that waits for review is approved; an optional driver is held; a bad
one is halted and taken back. Then the page stays up until Ctrl-C.
"""

import asyncio
import contextlib
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping
from pathlib import Path

from rich.console import Console

from patchring.cli.client import Client
from patchring.cli.demo_home import POLICIES, demo_home, demo_settings, fresh_home
from patchring.cli.demo_observer import Observer, ObserverFailed, can_observe
from patchring.cli.demo_office import Office
from patchring.cli.demo_screen import Screen
from patchring.cli.demo_story import Ending, Pace, Story
from patchring.cli.demo_tail import Tail
from patchring.cli.errors import CliError
from patchring.cli.serve_here import page_address
from patchring.serve.clock import SystemClock
from patchring.serve.errors import ServeError
from patchring.serve.local import LocalServer
from patchring.serve.postgres import PostgresError
from patchring.serve.settings import Settings
from patchring.sim.errors import SimError
from patchring.sim.fleet import Fleet, FleetSettings
from patchring.sim.roster import OPERATOR, TENANTS
from patchring.store.errors import StoreError

SPEED, FAST_SPEED = 6.0, 10.0
# Seconds of the devices' own clocks, which run faster: every two seconds of real time, twice a second when busy.
CHECK_IN, CHECK_IN_BUSY = 12, 3
STORY_DIFFERS = 4


class StoryDiffers(CliError):
    """The demo did not come out as told."""

    code = STORY_DIFFERS


def show(port: int | None, home: Path | None, once: bool, fast: bool) -> None:
    """Play the story and keep serving until Ctrl-C, or until its end with `once`. Raises CliError."""
    console = Console(highlight=False)
    try:
        asyncio.run(_demo(console, port, home or demo_home(), once, fast))
    except (ServeError, PostgresError, StoreError, SimError) as error:
        raise CliError(str(error)) from error


async def _demo(console: Console, port: int | None, home: Path, once: bool, fast: bool) -> None:
    stop = _stopped()
    with fresh_home(home):
        settings = demo_settings(home, port, CHECK_IN, CHECK_IN_BUSY)
        with console.status("starting the server") as status:
            server = LocalServer(settings, lambda step: status.update(f"starting the server: {step}"))
            await server.start()
        try:
            with contextlib.closing(Client(settings.people_address, server.operator_token)) as api:
                office = Office(api, home / "keys", POLICIES)
                await _play(console, settings, server.operator_token, office, stop, once, fast)
        finally:
            console.print("stopping")
            await server.stop()


async def _play(
    console: Console, settings: Settings, token: str, office: Office, stop: asyncio.Event, once: bool, fast: bool
) -> None:
    speed = FAST_SPEED if fast else SPEED
    fleet_settings = FleetSettings(settings.agents_address, speed)
    async with Fleet(fleet_settings, SystemClock()) as fleet, _observing(settings) as observer:
        with Screen(console) as screen:
            screen.say(f"The page: {page_address(settings, token)}")
            names = await _take_on(screen, office, fleet)
            observed = await _observe(screen, office, observer)
            fleet.start(fleet.devices)
            story = Story(office, fleet, screen, Tail(office, screen, names), _pace(fast))
            ending = await _or_stopped(story.tell(), stop)
        if ending is None:
            return
        _close(console, settings, token, office, ending, observed)
        if not once:
            await stop.wait()
        else:
            _judge(ending)


async def _take_on(screen: Screen, office: Office, fleet: Fleet) -> Mapping[str, str]:
    """Tenants with keys and policies, and their devices enrolled and confirmed; device names by id."""
    screen.head("Three tenants: keys on this machine, roots and policies signed with them")
    names: dict[str, str] = {}
    for tenant in TENANTS:
        await asyncio.to_thread(office.take_on, tenant)
        ids = await fleet.enrol(tenant, await asyncio.to_thread(office.token, tenant, len(tenant.places)))
        await asyncio.to_thread(office.classify, tenant, ids)
        names |= {device_id: name for name, device_id in ids.items()}
        screen.say(f"{len(ids)} devices enrolled with keys of their own, and confirmed", "verified", "", tenant.name)
    return names


@contextlib.asynccontextmanager
async def _observing(settings: Settings) -> AsyncIterator[Observer | None]:
    """The real agent of this machine, ended with the block; None where it could not read anything."""
    if not can_observe():
        yield None
        return
    log = settings.home / "log" / "observer.log"
    observer = Observer(settings.home / "observer", settings.agents_address, log)
    try:
        yield observer
    finally:
        await observer.stop()


async def _observe(screen: Screen, office: Office, observer: Observer | None) -> str:
    """Enrol this machine as a device that only observes; its id, empty when it does not."""
    if observer is None:
        screen.say("This machine has no apt, so it does not take part; the simulated devices do.", "aside")
        return ""
    try:
        device_id = await observer.enrol(await asyncio.to_thread(office.token, OPERATOR, 1))
    except ObserverFailed as error:
        screen.say(str(error), "aside")
        return ""
    await asyncio.to_thread(office.only_observe, OPERATOR, device_id)
    await observer.start()
    screen.say("This machine is a real device as well; it only observes.", "verified", "", OPERATOR.name)
    return device_id


def _close(console: Console, settings: Settings, token: str, office: Office, ending: Ending, observed: str) -> None:
    """What happened, where to look, how to stop."""
    screen = Screen(console)
    screen.head("What happened")
    for tone, text in ending.told:
        screen.say(text, tone)
    if observed:
        screen.say(_own_machine(office, observed), "aside")
    screen.head("Look around")
    environment = {"PATCHRING_URL": settings.people_address, "PATCHRING_HOME": str(settings.home)}
    environment["PATCHRING_KEYS"] = str(settings.home / "keys")
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
    program = shlex.quote(str(Path(sys.argv[0])))
    console.print(f"  the live page      {page_address(settings, token)}", soft_wrap=True)
    console.print(f"  in another shell   export {exports}", soft_wrap=True)
    for command in ("rollouts list harbour", "explain harbour HD-LOBBY-01 PATCH", "events verify kestrel"):
        console.print(f"                     {program} {command}", soft_wrap=True)
    console.print(f"  Ctrl-C stops everything; {settings.home} is begun anew by the next demo.", soft_wrap=True)


def _own_machine(office: Office, device_id: str) -> str:
    """What the real agent of this machine said."""
    row = office.api.get(f"/tenants/{OPERATOR.slug}/devices/{device_id}")
    pending = [patch for patch in row["missing"] if patch.get("security")]
    os_name = f"{row['os_name']} {row['os_version']}".strip()
    return (
        f"{row['name']} ({os_name}) is real and only observes: {len(row['missing'])} pending, {len(pending)} security."
    )


def _judge(ending: Ending) -> None:
    if ending.differs:
        raise StoryDiffers("the story came out differently: " + " ".join(ending.differs))


def _pace(fast: bool) -> Pace:
    return Pace(think=2.0, late_at=25.0) if fast else Pace()


async def _or_stopped(telling: Coroutine[None, None, Ending], stop: asyncio.Event) -> Ending | None:
    """The ending, or None when Ctrl-C came first."""
    task = asyncio.create_task(telling)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
        return None
    return await task


def _stopped() -> asyncio.Event:
    """Set by Ctrl-C and SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
