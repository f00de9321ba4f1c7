"""Who is in the proof: the MSP, two clients, and eight devices; two of them in every ring."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A device, what a technician says it is, and the ring in which the policies of examples/lab then put it."""

    name: str
    device_class: str
    criticality: str
    ring: int


@dataclass(frozen=True)
class Tenant:
    """`kind` is operator for the MSP itself; its policy is examples/lab/SLUG.yaml."""

    slug: str
    name: str
    kind: str
    site: str
    zone: str
    places: tuple[Place, ...]


def _client(slug: str, name: str, zone: str, prefix: str) -> Tenant:
    places = (
        Place(f"{prefix}-kiosk", "kiosk", "low", 1),
        Place(f"{prefix}-desk", "workstation", "standard", 2),
        Place(f"{prefix}-web", "server", "high", 3),
    )
    return Tenant(slug, name, "client", "Head office", zone, places)


MSP = Tenant(
    "ringmaster",
    "Ringmaster IT",
    "operator",
    "Workshop",
    "Europe/Berlin",
    (Place("bench-1", "workstation", "low", 0), Place("bench-2", "workstation", "low", 0)),
)
NORTH = _client("northwind", "Northwind", "Europe/Berlin", "north")
EAST = _client("eastgate", "Eastgate", "Europe/London", "east")
TENANTS = (MSP, NORTH, EAST)
PLACES = {place.name: (tenant, place) for tenant in TENANTS for place in tenant.places}
"""Device name -> tenant and place."""

RINGS = range(4)


def in_ring(ring: int, *tenants: Tenant) -> list[str]:
    """The names of the devices in a ring, over these tenants (none: over all)."""
    return [place.name for tenant in tenants or TENANTS for place in tenant.places if place.ring == ring]
