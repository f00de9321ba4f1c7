"""From what a device says of its system to what OSV calls it."""

import pytest

from patchring.core.versions import Scheme
from patchring.feeds import osv
from patchring.feeds.ecosystems import by_source, ecosystems_of, scheme_of
from tests.feeds.material import OBSERVED, shared


@pytest.mark.parametrize(
    ("os_name", "os_version", "expected"),
    [
        ("debian", "12", ("Debian:12",)),
        ("debian", "", ()),
        ("ubuntu", "22.04", ("Ubuntu:22.04:LTS",)),
        ("ubuntu", "23.04", ("Ubuntu:23.04",)),
        ("ubuntu", "25.10", ("Ubuntu:25.10",)),
        ("ubuntu", "x.04", ("Ubuntu:x.04",)),
        ("almalinux", "9.5", ("AlmaLinux:9",)),
        ("rocky", "10.0", ("Rocky Linux:10",)),
        (
            "rhel",
            "9.4",
            (
                "Red Hat:enterprise_linux:9::appstream",
                "Red Hat:enterprise_linux:9::baseos",
                "Red Hat:enterprise_linux:9::crb",
            ),
        ),
        ("windows", "10.0.26100", ()),
        ("arch", "1", ()),
    ],
)
def test_a_device_is_spoken_of_by_these_ecosystems(os_name: str, os_version: str, expected: tuple[str, ...]) -> None:
    assert ecosystems_of(os_name, os_version) == expected


def test_an_ecosystem_has_an_order_and_a_way_to_name_packages() -> None:
    asked = ("Debian:12", "Ubuntu:22.04:LTS", "AlmaLinux:9", "Rocky Linux:9", "Red Hat:enterprise_linux:9::crb", "npm")
    assert [(scheme_of(name), by_source(name)) for name in asked] == [
        (Scheme.DEB, True),
        (Scheme.DEB, True),
        (Scheme.RPM, False),
        (Scheme.RPM, False),
        (Scheme.RPM, False),
        (Scheme.LOOSE, False),
    ]


@pytest.mark.parametrize(
    ("name", "os_name", "versions"),
    [
        ("debian_osv_sample", "debian", ("11", "12", "13")),
        ("ubuntu_osv_sample", "ubuntu", ("20.04", "22.04", "24.04", "25.10")),
        ("rocky_osv_sample", "rocky", ("8.10", "9.6", "10.0")),
        ("alma9_osv_2026", "almalinux", ("8.10", "9.6", "10.0")),
    ],
)
def test_the_real_advisories_use_these_names(name: str, os_name: str, versions: tuple[str, ...]) -> None:
    rows = osv.parse(shared(f"linux/{name}.ndjson.xz"), OBSERVED).rows
    used = {line.ecosystem for row in rows for line in row.affected}
    ours = {ecosystem for version in versions for ecosystem in ecosystems_of(os_name, version)}
    assert len(ours) == len(versions)
    assert ours <= used
