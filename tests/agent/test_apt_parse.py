"""The parsers on captured output (golden/README.md says how it was captured)."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchring.wire.messages import Package
from patchring_agent.providers.apt import grammar, parse
from patchring_agent.providers.apt.parse import Known, Owned, Release, Step

GOLDEN = Path(__file__).parent / "golden"
SECURITY = Release("Debian", "Debian-Security", "bookworm-security")
MAIN = Release("Debian", "Debian", "bookworm")
MIRROR, SECURITY_MIRROR = "http://deb.debian.org/debian", "http://deb.debian.org/debian-security"
STATUS = "/var/lib/dpkg/status"


def golden(name: str) -> str:
    return (GOLDEN / name).read_text(encoding="utf-8")


def test_dpkg_list() -> None:
    found = parse.dpkg_list(golden("debian12.dpkg_query-list.stdout"))
    assert len(found) == 11
    assert found[5] == Owned("ii ", "libssl3", "amd64", "3.0.19-1~deb12u2", "openssl", "3.0.19-1~deb12u2")
    assert found[9] == Owned("ii ", "python3", "amd64", "3.11.2-1+b1", "python3-defaults", "3.11.2-1")
    assert all(p.is_whole and p.is_there for p in found)


def test_dpkg_list_of_what_is_not_whole() -> None:
    found = parse.dpkg_list(golden("debian12.dpkg_query-list_broken.stdout"))
    assert {p.name: (p.status, p.version, p.is_whole) for p in found} == {
        "app": ("ii ", "1.1", True),
        "cutconf": ("iF ", "1.1", False),
        "cutunpack": ("iHR", "1.0", False),
        "fails": ("iF ", "1.1", False),
        "whole": ("hi ", "1.0", True),
    }


def test_removed_packages_whose_configuration_stays_are_not_there() -> None:
    assert [p.is_there for p in parse.dpkg_list("rc \told\tall\t1.0\told\t1.0\nun \tnever\tall\t\tnever\t\n")] == [
        False,
        False,
    ]


def test_releases_by_location() -> None:
    assert parse.releases(golden("debian12.apt_cache-policy.stdout")) == {
        f"{SECURITY_MIRROR} bookworm-security/main amd64 Packages": SECURITY,
        f"{MIRROR} bookworm-updates/main amd64 Packages": Release("Debian", "Debian", "bookworm-updates"),
        f"{MIRROR} bookworm/main amd64 Packages": MAIN,
    }


def test_a_label_with_a_comma_stays_whole() -> None:
    text = " 500 https://example.org/apt stable/main amd64 Packages\n     release o=A, B and C,a=stable,l=A, B,c=main\n"
    assert parse.releases(text) == {
        "https://example.org/apt stable/main amd64 Packages": Release("A, B and C", "A, B", "stable")
    }


def test_policies_by_name_with_versions_newest_first() -> None:
    found = parse.policies(golden("debian12.apt_cache-policy_packages.stdout"))
    assert list(found) == ["openssl", "curl", "tzdata", "libc6", "apt"]
    assert found["openssl"] == Known(
        "3.0.19-1~deb12u2",
        "3.0.22-1~deb12u2",
        {
            "3.0.22-1~deb12u2": [f"{SECURITY_MIRROR} bookworm-security/main amd64 Packages"],
            "3.0.20-1~deb12u2": [f"{MIRROR} bookworm/main amd64 Packages"],
            "3.0.19-1~deb12u2": [STATUS],
            "3.0.17-1~deb12u2": [f"{MIRROR} bookworm-updates/main amd64 Packages"],
        },
    )
    assert list(found["libc6"].versions) == ["2.36-9+deb12u14", "2.36-9+deb12u7"]


def test_policy_of_a_package_that_is_not_installed_and_of_a_pinned_one() -> None:
    text = (
        "a:\n  Installed: (none)\n  Candidate: 2\n  Version table:\n     2 -1\n        500 http://m s/main Packages\n"
    )
    assert parse.policies(text) == {"a": Known("", "2", {"2": ["http://m s/main Packages"]})}


def test_dry_run_of_an_upgrade() -> None:
    steps = parse.dry_run(golden("debian12.apt_get-upgrade.stdout"))
    assert len(steps) == 125
    assert steps[0] == Step("base-files", "amd64", "12.4+deb12u11", "12.4+deb12u15")
    assert Step("tzdata", "all", "2025b-0+deb12u2", "2026f-0+deb12u1") in steps
    assert all(step.old and step.new for step in steps)


def test_dry_run_of_a_set_with_brackets_behind_the_line() -> None:
    assert parse.dry_run(golden("debian12.apt_get-install.stdout")) == [
        Step(name, "all" if name == "perl-modules-5.36" else "amd64", "5.36.0-7+deb12u2", "5.36.0-7+deb12u4")
        for name in ("libperl5.36", "perl", "perl-base", "perl-modules-5.36")
    ]


def test_dry_run_with_additions() -> None:
    assert parse.dry_run(golden("debian12.apt_get-install_new.stdout"))[2] == Step(
        "libnginx-mod-http-echo", "amd64", "", "1:0.63-4"
    )


def test_dry_run_with_removals() -> None:
    assert parse.dry_run(golden("debian12.apt_get-remove.stdout")) == [
        Step("libpq-dev", "", "15.18-0+deb12u1", ""),
        Step("libxmlsec1-dev", "", "1.2.37-2", ""),
        Step("libssl-dev", "", "3.0.19-1~deb12u2", ""),
        Step("libpq5", "amd64", "15.18-0+deb12u1", "15.20-0+deb12u1"),
    ]


def test_dry_run_of_a_downgrade_from_a_file() -> None:
    assert parse.dry_run(golden("debian12.apt_get-downgrade.stdout")) == [Step("app", "all", "1.1", "1.0")]


def test_dry_run_of_a_foreign_architecture() -> None:
    assert parse.dry_run("Inst libc6:i386 [1] (2 Debian:12/stable [i386])\nRemv x:i386 [1]\n") == [
        Step("libc6", "i386", "1", "2"),
        Step("x", "i386", "1", ""),
    ]


def test_records_keep_the_first_line_of_each_field() -> None:
    found = parse.stanzas(golden("debian12.apt_cache-show.stdout"))
    assert [(r["Package"], r["Version"], r["Size"]) for r in found] == [
        ("openssl", "3.0.22-1~deb12u2", "1441784"),
        ("tzdata", "2026b-0+deb12u1", "304148"),
    ]
    assert found[0]["SHA256"] == "5cdf0b735b1c8a96ae0bf83ed328c83c2170f8320dedb035e98705b60b2d0cfe"
    assert found[0]["Description"] == "Secure Sockets Layer toolkit - cryptographic utility"


def test_phasing_heading() -> None:
    text = "Calculating upgrade...\nThe following upgrades have been deferred due to phasing:\n  a b\n  c\n1 upgraded\n"
    assert parse.deferred_by_phasing(text) == {"a", "b", "c"}
    assert parse.deferred_by_phasing(golden("debian12.apt_get-upgrade.stdout")) == set()


def test_services_to_restart() -> None:
    assert parse.restarts(golden("debian12.needrestart-b.stdout")) == []
    assert parse.restarts("NEEDRESTART-VER: 3.6\nNEEDRESTART-SVC: nginx.service\nNEEDRESTART-SVC: cron.service\n") == [
        "nginx.service",
        "cron.service",
    ]


@pytest.mark.parametrize(
    ("release", "security"),
    [
        (SECURITY, True),
        (Release("Ubuntu", "Ubuntu", "jammy-security"), True),
        (Release("UbuntuESM", "UbuntuESM", "jammy-infra-updates"), True),
        (Release("Lab", "Lab-Security", "lab"), True),
        (MAIN, False),
        (Release("Debian", "Debian", "bookworm-updates"), False),
        (None, False),
    ],
)
def test_security_releases(release: Release, security: bool) -> None:
    assert parse.is_security(release) is security


RUNNING, BUILD = "6.1.0-40-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)"


@pytest.mark.parametrize(
    ("installed", "reasons"),
    [
        ({"linux-image-6.1.0-40-amd64": "6.1.153-1", "linux-image-amd64": "6.1.153-1"}, []),
        ({"linux-image-6.1.0-40-amd64": "6.1.153-1", "linux-image-6.1.0-9-amd64": "6.1.27-1"}, []),
        (
            {"linux-image-6.1.0-40-amd64": "6.1.153-1", "linux-image-6.1.0-41-amd64": "6.1.158-1"},
            ["kernel 6.1.0-41-amd64 is installed, 6.1.0-40-amd64 is running"],
        ),
        (
            {"linux-image-6.1.0-40-amd64": "6.1.153-2"},
            ["kernel 6.1.0-40-amd64 is installed as 6.1.153-2, 6.1.153-1 is running"],
        ),
        ({"linux-image-6.1.0-41-amd64": "6.1.158-1"}, []),
    ],
    ids=["current", "older beside it", "newer beside it", "same name rebuilt", "container"],
)
def test_running_and_installed_kernel(installed: dict[str, str], reasons: list[str]) -> None:
    assert parse.kernel_reasons(RUNNING, BUILD, installed) == reasons


@pytest.mark.parametrize(
    ("package", "says"),
    [
        (Package("apt", "libstdc++6", "12.2.0-14+deb12u1", "amd64"), ""),
        (Package("apt", "a2ps", "1:4.14~x-2", ""), ""),
        (Package("dnf", "bash", "1"), "expected packages of apt"),
        (Package("apt", "-o", "1"), "expected a Debian package name"),
        (Package("apt", "bash*", "1"), "expected a Debian package name"),
        (Package("apt", "/etc/x.deb", "1"), "expected a Debian package name"),
        (Package("apt", "bash", "1 2"), "expected a Debian version"),
        (Package("apt", "bash", ""), "expected a Debian version"),
        (Package("apt", "bash", "1\n"), "expected a Debian version"),
        (Package("apt", "bash", "1", "../x"), "expected an architecture"),
    ],
)
def test_only_what_is_well_named_reaches_apt(package: Package, says: str) -> None:
    problem = grammar.problem_with([package])
    assert problem.startswith(says)
    assert bool(problem) == bool(says)
