"""The fleet is the same every time: its roster, and from one seed its faults and paces."""

from collections import Counter

from patchring.core.devices import Criticality, DeviceClass
from patchring.sim.faults import FaultRates, Faults
from patchring.sim.kinds import KINDS
from patchring.sim.roster import TENANTS


def test_three_tenants_with_about_sixty_machines_of_one_name_each() -> None:
    names = [place.name for tenant in TENANTS for place in tenant.places]
    assert ([tenant.kind for tenant in TENANTS], len(set(names))) == (["operator", "client", "client"], len(names))
    assert 55 <= len(names) <= 65


def test_every_kind_is_one_that_rules_know() -> None:
    for kind in KINDS.values():
        assert (DeviceClass(kind.device_class), Criticality(kind.criticality)) is not None


def test_the_fleet_has_the_machines_that_need_plans_of_their_own() -> None:
    kinds = Counter(place.kind.name for tenant in TENANTS for place in tenant.places)
    assert {"kiosk", "dc", "cad", "pos"} <= set(kinds)
    groups = {(tenant.slug, place.redundancy) for tenant in TENANTS for place in tenant.places if place.redundancy}
    assert groups == {("harbour", "dc"), ("kestrel", "dc"), ("kestrel", "erp")}


def test_one_seed_gives_one_course_of_events() -> None:
    def course(seed: int) -> list[object]:
        faults = Faults(FaultRates(0.2, 0.2, 0.2), seed, "TEST-01")
        return [(faults.of_request(), faults.kills_agent(), faults.duration(10)) for _ in range(50)]

    assert course(7) == course(7)
    assert course(7) != course(8)
