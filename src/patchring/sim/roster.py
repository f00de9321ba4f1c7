"""The three tenants of the demo with their sites and machines. Pure values; always the same."""

from dataclasses import dataclass
from itertools import chain

from patchring.sim.kinds import KINDS, Kind


@dataclass(frozen=True)
class Place:
    """One machine of the fleet. `redundancy` names the group of which only some may be down at once; `sacrificial`
    machines may be broken; `pilot` people agreed to be the first."""

    name: str
    kind: Kind
    redundancy: str = ""
    sacrificial: bool = False
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class SimTenant:
    slug: str
    name: str
    kind: str
    site: str
    zone: str
    places: tuple[Place, ...]


def _row(kind: str, pattern: str, count: int, **given: object) -> list[Place]:
    """`count` machines named by a pattern with a number: FRONT-{:02} gives FRONT-01, FRONT-02, ..."""
    return [Place(pattern.format(number), KINDS[kind], **given) for number in range(1, count + 1)]  # type: ignore[arg-type]


OPERATOR = SimTenant(
    slug="ringmaster",
    name="Ringmaster IT",
    kind="operator",
    site="Head office",
    zone="Europe/Berlin",
    places=tuple(
        chain(
            _row("workstation", "RM-DESK-{:02}", 4),
            _row("laptop", "RM-BOOK-{:02}", 3),
            _row("file", "RM-LAB-SRV-{:02}", 1, sacrificial=True),
        )
    ),
)

DENTAL = SimTenant(
    slug="harbour",
    name="Harbour Dental Group",
    kind="client",
    site="Quayside practice",
    zone="Europe/London",
    places=tuple(
        chain(
            _row("kiosk", "HD-LOBBY-{:02}", 3),
            _row("shared", "HD-HYGIENE-{:02}", 3, groups=("pilots",)),
            _row("workstation", "HD-CHAIR-{:02}", 8),
            _row("laptop", "HD-BOOK-{:02}", 3),
            _row("pos", "HD-DESK-{:02}", 4),
            _row("dc", "HD-DC-{:02}", 2, redundancy="dc"),
            _row("sql", "HD-RECORDS-{:02}", 1),
        )
    ),
)

ENGINEERING = SimTenant(
    slug="kestrel",
    name="Kestrel Engineering",
    kind="client",
    site="Hangar 4",
    zone="America/Chicago",
    places=tuple(
        chain(
            _row("kiosk", "KE-GATE-{:02}", 2),
            _row("shared", "KE-FLOOR-{:02}", 3, groups=("pilots",)),
            _row("cad", "KE-CAD-{:02}", 6),
            _row("workstation", "KE-DESK-{:02}", 6),
            _row("laptop", "KE-BOOK-{:02}", 5),
            _row("dc", "KE-DC-{:02}", 2, redundancy="dc"),
            _row("erp", "KE-ERP-{:02}", 2, redundancy="erp"),
            _row("hypervisor", "KE-HOST-{:02}", 1),
        )
    ),
)

TENANTS: tuple[SimTenant, ...] = (OPERATOR, DENTAL, ENGINEERING)
