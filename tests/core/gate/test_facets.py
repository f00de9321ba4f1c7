"""Which facets a device belongs to, and what each may spend."""

import math
from uuid import UUID

import pytest

from patchring.core.devices import DeviceFacts
from patchring.core.gate.facets import KIND_WEIGHTS, FacetKind, budget_of, facets_of
from patchring.core.gate.hold import BUDGET
from patchring.core.gate.signals import Signal

NOBODY = UUID(int=0)


def device(**facts: object) -> DeviceFacts:
    return DeviceFacts(NOBODY, NOBODY, NOBODY, "dc1", **facts)  # type: ignore[arg-type]


def test_a_device_has_a_facet_for_each_thing_that_is_known_of_it() -> None:
    controller = device(roles=frozenset({"domain_controller"}), os_name="windows", os_version="10.0.20348")
    found = facets_of(controller, "Dell  PowerEdge R360", {"nginx", "bash"})
    assert [(facet.key, facet.words) for facet in found] == [
        ("all", "all devices"),
        ("role/domain_controller", "domain controllers"),
        ("build/windows_10.0.20348", "devices with windows 10.0.20348"),
        ("model/dell_poweredge_r360", "devices of model Dell PowerEdge R360"),
        ("app/nginx", "devices with nginx"),
        ("role_build/domain_controller/windows_10.0.20348", "domain controllers with windows 10.0.20348"),
    ]


def test_what_is_not_known_and_what_a_house_named_itself_makes_no_facet() -> None:
    """A role of the house's own making would tell others about it."""
    assert [facet.key for facet in facets_of(device(roles=frozenset({"acme-lob"})))] == ["all"]


@pytest.mark.parametrize("kind", list(FacetKind))
def test_all_facets_of_a_kind_together_spend_what_the_kind_may_however_many_come(kind: FacetKind) -> None:
    """Later facets take nothing from those that were there: no threshold ever moves."""
    most = 1 if kind in (FacetKind.ALL, FacetKind.OWN) else 20_000
    spent = math.fsum(budget_of(kind, ordinal, signal) for ordinal in range(1, most + 1) for signal in Signal)
    assert 0.99 * BUDGET * KIND_WEIGHTS[kind] < spent <= BUDGET * KIND_WEIGHTS[kind] * (1 + 1e-9)


def test_all_kinds_together_spend_the_budget() -> None:
    assert math.fsum(KIND_WEIGHTS.values()) == pytest.approx(1.0)
