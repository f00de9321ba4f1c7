"""Which facets a device belongs to, and what each may spend."""

import math
from uuid import UUID

import pytest

from patchring.core.devices import DeviceFacts
from patchring.core.gate.facets import KIND_WEIGHTS, OWN, FacetKind, applications_of, budget_of, build_of, facets_of
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


def test_the_roles_that_every_house_has_are_these() -> None:
    """Their keys stay for good, as they are parts of stops; a new role is a decision about what others may see."""
    roles = {
        "backup": "backup servers",
        "database": "database servers",
        "domain_controller": "domain controllers",
        "file_server": "file servers",
        "hypervisor": "hypervisors",
        "line_of_business": "line-of-business hosts",
        "mail": "mail servers",
        "print_server": "print servers",
        "terminal_server": "terminal servers",
        "web": "web servers",
    }
    found = facets_of(device(roles=frozenset({*roles, "own_role"})))
    assert {facet.key: facet.words for facet in found} == {
        "all": "all devices",
        **{f"role/{role}": words for role, words in roles.items()},
    }


@pytest.mark.parametrize(
    ("packages", "application"),
    [
        (("apache2", "httpd"), "Apache"),
        (("bind9",), "BIND"),
        (("docker-ce", "docker.io"), "Docker"),
        (("mariadb-server",), "MariaDB"),
        (("mysql-server",), "MySQL"),
        (("nginx",), "nginx"),
        (("openjdk-17-jre-headless",), "Java"),
        (("php-fpm",), "PHP"),
        (("postfix",), "Postfix"),
        (("postgresql", "postgresql-server"), "PostgreSQL"),
        (("samba",), "Samba"),
        (("slapd",), "OpenLDAP"),
    ],
)
def test_an_application_is_one_under_whatever_name_it_is_packed(packages: tuple[str, ...], application: str) -> None:
    for package in packages:
        assert applications_of({package, "bash"}) == [application]
    assert applications_of(packages) == [application]


def test_facets_come_in_one_order_whatever_order_the_device_told_them_in() -> None:
    server = device(roles=frozenset({"web", "database"}), os_name="debian", os_version="12")
    assert [(facet.key, facet.kind) for facet in facets_of(server, packages=["postgresql", "nginx", "apache2"])] == [
        ("all", FacetKind.ALL),
        ("role/database", FacetKind.ROLE),
        ("role/web", FacetKind.ROLE),
        ("build/debian_12", FacetKind.BUILD),
        ("app/apache", FacetKind.APPLICATION),
        ("app/postgresql", FacetKind.APPLICATION),
        ("app/nginx", FacetKind.APPLICATION),
        ("role_build/database/debian_12", FacetKind.ROLE_BUILD),
        ("role_build/web/debian_12", FacetKind.ROLE_BUILD),
    ]


def test_a_build_without_a_version_is_its_name_and_a_version_without_a_name_is_nothing() -> None:
    assert build_of(device(os_name="debian", os_version="12")) == "debian 12"
    assert build_of(device(os_name="arch")) == "arch"
    assert build_of(device(os_version="12")) == ""


def test_a_long_model_is_cut_after_sixty_characters() -> None:
    """And one of blanks alone is not known."""
    [_, model] = facets_of(device(), "x" * 61)
    assert (model.key, model.words) == ("model/" + "x" * 60, "devices of model " + "x" * 60)
    assert [facet.key for facet in facets_of(device(), "  ")] == ["all"]


def test_what_one_client_alone_has_is_kept_with_the_client() -> None:
    assert (OWN.key, OWN.kind, OWN.words) == ("own", FacetKind.OWN, "this client's devices")


def test_the_kinds_are_kept_under_names_that_stay() -> None:
    assert {kind.value: weight for kind, weight in KIND_WEIGHTS.items()} == {
        "all": 0.2,
        "role": 0.25,
        "build": 0.1,
        "model": 0.1,
        "app": 0.1,
        "role_build": 0.15,
        "own": 0.1,
    }


def test_the_first_eight_facets_of_a_kind_spend_half_of_it_evenly_and_the_others_less_and_less() -> None:
    """Of a signal that has one of the twelve parts."""
    part = BUDGET * 0.25 / 12
    found = [budget_of(FacetKind.ROLE, ordinal, Signal.APP_CRASH) for ordinal in (1, 8, 9, 10)]
    assert found == pytest.approx([part / 16, part / 16, part / 18, part * 4 / 90])
    assert budget_of(FacetKind.OWN, 1, Signal.REBOOT_LOOP) == pytest.approx(3 * BUDGET * 0.1 / 12)


def test_facets_are_counted_from_one() -> None:
    with pytest.raises(AssertionError):
        budget_of(FacetKind.ROLE, 0, Signal.TICKET)
