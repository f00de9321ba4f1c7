"""One bridge with a private /24; per device a network namespace with one end of a veth pair, and no way out."""

from __future__ import annotations

import ipaddress
import json

from lab.errors import HostNotReady
from lab.ledger import Ledger
from lab.place import Place
from lab.programs import run

CANDIDATES = [ipaddress.IPv4Network(f"10.231.{third}.0/24") for third in range(47, 63)]
FIRST_DEVICE = 11
"""Devices get the addresses from .11 on; .1 is the host's, .2 the golden device's."""


def make_bridge(place: Place, ledger: Ledger) -> str:
    """The host's address on the lab's bridge, which is made if it does not exist."""
    known = ledger.get("link", place.bridge)
    if known:
        return str(known.data["address"])
    subnet = _free_subnet()
    address = str(subnet[1])
    with ledger.making("link", place.bridge, address=address):
        run(["ip", "link", "add", place.bridge, "type", "bridge"])
        run(["ip", "address", "add", f"{address}/24", "dev", place.bridge])
        run(["ip", "link", "set", place.bridge, "up"])
    return address


def make_namespace(place: Place, ledger: Ledger, device: str, bridge_address: str, number: int) -> str:
    """The address of `device`, whose namespace is made if it does not exist; `number` is the last byte."""
    namespace, outside = place.namespace(device), place.interface(number)
    address = str(ipaddress.IPv4Address(bridge_address) - 1 + number)
    if ledger.get("namespace", namespace):
        return address
    with ledger.making("namespace", namespace), ledger.making("link", outside):
        run(["ip", "netns", "add", namespace])
        run(["ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", namespace])
        run(["ip", "link", "set", outside, "master", place.bridge, "up"])
        run(["ip", "-n", namespace, "address", "add", f"{address}/24", "dev", "eth0"])
        run(["ip", "-n", namespace, "link", "set", "eth0", "up"])
        run(["ip", "-n", namespace, "link", "set", "lo", "up"])
    return address


def remove_link(name: str) -> None:
    run(["ip", "link", "delete", name], check=False)


def remove_namespace(name: str) -> None:
    run(["ip", "netns", "delete", name], check=False)


def _free_subnet() -> ipaddress.IPv4Network:
    """The first candidate that overlaps no route of the host. Raises HostNotReady."""
    routes = json.loads(run(["ip", "-json", "-4", "route", "show", "table", "all"]).stdout or "[]")
    taken = [ipaddress.IPv4Network(r["dst"], strict=False) for r in routes if r["dst"] != "default"]
    for candidate in CANDIDATES:
        if not any(candidate.overlaps(network) for network in taken):
            return candidate
    raise HostNotReady(f"no free network between {CANDIDATES[0]} and {CANDIDATES[-1]}: free one of them")
