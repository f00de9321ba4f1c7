"""What simulated devices are: their roles, how many of each, what each costs when it fails, and when it is on.

The shares are those of a managed service provider's usual clients; consequence weights follow the gate's method (a
desktop is 1, the only domain controller 25).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from patchring.core.gate.signals import Signal

SIGNALS = tuple(Signal)


class On(IntEnum):
    """When a device is on."""

    ALWAYS = 0
    OFFICE = 1
    TRAVELLING = 2


@dataclass(frozen=True)
class Kind:
    """`share` of the fleet (0 to 1). `weight`: what one of it costs when it fails. `rates`: events a day of each signal
    without any patch; what is not named has `COMMON`'s."""

    share: float
    weight: float
    on: On
    server: bool = False
    rates: Mapping[Signal, float] | None = None


COMMON: Mapping[Signal, float] = {
    Signal.SERVICE_FAILURE: 0.004,
    Signal.APP_CRASH: 0.02,
    Signal.FAILED_LOGON: 0.006,
    Signal.REBOOT_LOOP: 0.0002,
    Signal.PERFORMANCE: 0.004,
    Signal.TICKET: 0.003,
    Signal.MISSING_HEARTBEAT: 0.004,
}
_SERVER: Mapping[Signal, float] = {
    Signal.SERVICE_FAILURE: 0.012,
    Signal.APP_CRASH: 0.006,
    Signal.FAILED_LOGON: 0.015,
    Signal.TICKET: 0.002,
    Signal.MISSING_HEARTBEAT: 0.001,
}
_TRAVELS: Mapping[Signal, float] = {Signal.MISSING_HEARTBEAT: 0.03, Signal.TICKET: 0.004}

KINDS: Mapping[str, Kind] = {
    "workstation": Kind(0.46, 1, On.OFFICE),
    "laptop": Kind(0.305, 1, On.TRAVELLING, rates=_TRAVELS),
    "kiosk": Kind(0.025, 2, On.ALWAYS),
    "point_of_sale": Kind(0.04, 3, On.ALWAYS),
    "specialised": Kind(0.015, 5, On.OFFICE),
    "shared": Kind(0.02, 2, On.OFFICE),
    "member_server": Kind(0.085, 8, On.ALWAYS, server=True, rates=_SERVER),
    "terminal_server": Kind(0.012, 12, On.ALWAYS, server=True, rates={**_SERVER, Signal.TICKET: 0.01}),
    "database": Kind(0.013, 15, On.ALWAYS, server=True, rates=_SERVER),
    "domain_controller": Kind(0.017, 12, On.ALWAYS, server=True, rates=_SERVER),
    "hypervisor": Kind(0.008, 15, On.ALWAYS, server=True, rates=_SERVER),
}
ROLES = tuple(KINDS)
ONLY_ONE_WEIGHT = 25.0
SENSITIVE_FACTOR = 2.0
GROUPED_ROLES = ("domain_controller", "database", "hypervisor", "terminal_server")

CLIENT_BUILDS: Mapping[str, float] = {"win11-24h2": 0.42, "win11-23h2": 0.30, "win10-22h2": 0.28}
SERVER_BUILDS: Mapping[str, float] = {
    "server-2022": 0.40,
    "server-2019": 0.32,
    "server-2025": 0.14,
    "server-2016": 0.14,
}
CLIENT_MODELS, SERVER_MODELS = 12, 6
CLIENT_APPS, SERVER_APPS = 10, 6
APPLESS_SHARE = 0.35


def _numbered(word: str, count: int) -> list[str]:
    return [f"{word}-{number + 1}" for number in range(count)]


NAMES: Mapping[str, tuple[str, ...]] = {
    "role": ROLES,
    "build": (*CLIENT_BUILDS, *SERVER_BUILDS),
    "model": (*_numbered("pc-model", CLIENT_MODELS), *_numbered("server-model", SERVER_MODELS)),
    "app": ("no-app", *_numbered("app", CLIENT_APPS), "no-server-app", *_numbered("server-app", SERVER_APPS)),
}
"""What each column of a fleet can say, clients' values before servers'."""


def rate(role: str, signal: Signal) -> float:
    """Events a day of one device of this role, without a patch. An installation fails only when there is one."""
    own = KINDS[role].rates or {}
    return own.get(signal, COMMON.get(signal, 0.0))
