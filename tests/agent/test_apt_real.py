"""The apt provider with a real apt and dpkg, in a root of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from patchring.wire.messages import Change, Plan, Update
from patchring_agent.errors import ProviderProblem
from patchring_agent.loop.events import Outcome
from patchring_agent.providers.apt import facts
from tests.agent.aptroot import AptRoot, package, unusable

pytestmark = pytest.mark.skipif(unusable() != "", reason=unusable() or "usable")

ONCE = 'test -e "$DPKG_ROOT/cut" && exit 0; touch "$DPKG_ROOT/cut"; kill -9 $PPID; sleep 5'


@pytest.fixture
def root(tmp_path: Path) -> Iterator[AptRoot]:
    """app 1.0 and lib 1.0 are installed; 1.1 is a security update, 1.2 needs a newer lib that `old` is against."""
    tmp_path.chmod(0o755)
    found = AptRoot(tmp_path)
    found.build("lab", "app", "1.0")
    found.build("lab", "lib", "1.0")
    found.build("lab", "old", "1.0", "Depends: lib (<< 2)\n")
    found.publish_all()
    found.install("app", "lib", "old")
    found.build("lab-security", "app", "1.1", "Source: app-src (1.1)\n")
    yield found
    found.close()


def act(root: AptRoot, action: str, plan: Plan) -> Outcome:
    transaction = root.apt.transaction(action, plan, 30)
    done = subprocess.run(transaction.argv, capture_output=True, text=True, check=False)
    for command in transaction.afterwards:
        subprocess.run(command, check=True, capture_output=True)
    return root.apt.outcome(plan, done.returncode, done.stdout + done.stderr)


def resolved(root: AptRoot, action: str, *targets: str) -> Plan:
    packages = [package(text) for text in targets]
    assert root.apt.download(action, packages) == ""
    planned = root.apt.plan(action, packages)
    assert planned.plan is not None, planned.problem
    return planned.plan


def sha256(root: AptRoot, name: str, version: str) -> str:
    return facts.available(root.site(), "amd64", [(name, "all", version)])[(name, "all", version)].sha256


def test_scan_names_updates_with_origin_security_and_why_one_is_held_back(root: AptRoot) -> None:
    root.build("lab", "lib", "2.0")
    root.build("lab", "old", "1.1", "Depends: lib (<< 2)\n")
    root.build("lab", "ph", "1.0")
    root.publish_all()
    root.install("ph")
    root.build("lab", "ph", "1.1", "Phased-Update-Percentage: 10\n")
    root.publish_all()
    subprocess.run(root.site().mark("hold", "old"), check=True, capture_output=True)
    found = root.apt.inventory()
    assert {p.name: (p.version, p.architecture) for p in found.installed} == {
        "app": ("1.0", "all"),
        "lib": ("1.0", "all"),
        "old": ("1.0", "all"),
        "ph": ("1.0", "all"),
    }
    by_name = {update.package.name: update for update in found.updates}
    assert {n: (u.package.version, u.held_back, u.security) for n, u in by_name.items()} == {
        "app": ("1.1", "", True),
        "lib": ("2.0", "kept_back", False),
        "old": ("1.1", "held", False),
        "ph": ("1.1", "phased", False),
    }
    app = by_name["app"]
    assert app == Update(
        package("app=1.1").__class__("apt", "app", "1.1", "all"),
        "1.0",
        title="the app of the lab",
        source="app-src",
        origin="Lab",
        label="Lab-Security",
        suite="lab-security",
        security=True,
        classification="security",
        size_bytes=app.size_bytes,
    )
    assert app.size_bytes > 0


def test_install_and_back_from_the_kept_copy_with_the_repository_gone(root: AptRoot) -> None:
    root.publish_all()
    plan = resolved(root, "install", "app=1.1")
    change = Change("app", "all", "1.0", "1.1", "Lab", "Lab-Security", "lab-security", sha256(root, "app", "1.1"))
    back = Change("app", "all", "1.1", "1.0", "kept", "", "", sha256(root, "app", "1.0"))
    assert plan == Plan("apt", [change], [back], plan.bytes_needed)
    assert plan.bytes_needed > 7 * 1024
    done = act(root, "install", plan)
    assert (done.reached, done.healthy, done.exit_code, done.changes) == ("all", True, 0, [change])
    assert (root.versions()["app"], root.content("app")) == ("1.1", "1.1")

    root.close()
    down = resolved(root, "downgrade", "app=1.0")
    assert down == Plan("apt", [back], [replace(change, origin="kept", label="", suite="")], 0)
    assert act(root, "downgrade", down).reached == "all"
    assert (root.versions()["app"], root.content("app")) == ("1.0", "1.0")


def test_what_came_as_a_set_goes_back_as_one(root: AptRoot) -> None:
    """apt never looks for older versions itself: asked for one of them, it would only refuse."""
    root.build("lab", "pair", "1.0", "Depends: pair-data (= 1.0)\n")
    root.build("lab", "pair-data", "1.0", "Breaks: pair (<< 1.0)\n")
    root.publish_all()
    root.install("pair")
    root.build("lab", "pair", "1.1", "Depends: pair-data (= 1.1)\n")
    root.build("lab", "pair-data", "1.1", "Breaks: pair (<< 1.1)\n")
    root.publish_all()
    forth = resolved(root, "install", "pair=1.1")
    assert [c.package for c in forth.changes] == ["pair", "pair-data"]
    assert act(root, "install", forth).reached == "all"
    back = resolved(root, "downgrade", "pair=1.0")
    assert back.changes == forth.way_back
    assert act(root, "downgrade", back).reached == "all"
    assert {name: root.versions()[name] for name in ("pair", "pair-data")} == {"pair": "1.0", "pair-data": "1.0"}


def test_what_is_there_already_is_satisfied(root: AptRoot) -> None:
    planned = root.apt.plan("install", [package("app=1.0")])
    assert (planned.plan, planned.satisfied) == (None, True)


def test_plan_is_the_closed_set_and_lists_a_removal_that_is_never_acted_on(root: AptRoot) -> None:
    root.build("lab", "app", "1.2", "Depends: lib (>= 2), extra\n")
    root.build("lab", "lib", "2.0")
    root.build("lab", "extra", "1.0")
    root.publish_all()
    plan = resolved(root, "install", "app=1.2")
    assert [(c.package, c.from_version, c.to_version) for c in plan.changes] == [
        ("app", "1.0", "1.2"),
        ("extra", "", "1.0"),
        ("lib", "1.0", "2.0"),
        ("old", "1.0", ""),
    ]
    with pytest.raises(ProviderProblem, match="removes old"):
        root.apt.transaction("install", plan, 30)
    without = replace(plan, changes=[c for c in plan.changes if c.to_version])
    done = act(root, "install", without)
    assert (done.reached, done.healthy, done.exit_code) == ("none", True, 100)
    assert "Packages need to be removed but remove is disabled" in done.detail
    assert root.versions() == {"app": "1.0", "lib": "1.0", "old": "1.0"}


def test_the_marks_of_dependencies_stay_as_they_were(root: AptRoot) -> None:
    subprocess.run(root.site().mark("auto", "app"), check=True, capture_output=True)
    root.publish_all()
    assert act(root, "install", resolved(root, "install", "app=1.1")).reached == "all"
    shown = subprocess.run(root.site().mark("showauto"), check=True, capture_output=True, text=True)
    assert shown.stdout.split() == ["app"]


def test_a_file_that_is_not_the_one_of_the_plan_is_not_installed(root: AptRoot) -> None:
    root.publish_all()
    plan = resolved(root, "install", "app=1.1")
    other = replace(plan, changes=[replace(plan.changes[0], sha256="0" * 64)])
    with pytest.raises(ProviderProblem, match="is not the one of the plan"):
        root.apt.transaction("install", other, 30)


def test_a_damaged_download_is_fetched_again(root: AptRoot) -> None:
    root.publish_all()
    plan = resolved(root, "install", "app=1.1")
    path = root.site().cache / "app_1.1_all.deb"
    path.write_bytes(path.read_bytes()[:100])
    assert resolved(root, "install", "app=1.1") == plan


def test_cut_during_unpack_is_repaired_by_installing_again(root: AptRoot) -> None:
    """dpkg --configure -a says 0 there and repairs nothing."""
    root.build("lab-security", "app", "1.3", preinst=ONCE)
    root.publish_all()
    plan = resolved(root, "install", "app=1.3")
    done = act(root, "install", plan)
    assert (done.reached, done.healthy) == ("none", False)
    assert "iHR" in root.versions()["app"] or "iH" in root.versions()["app"]
    assert "installed again: app" in root.apt.repair("install", plan)
    after = root.apt.outcome(plan, None, "")
    assert (after.reached, after.healthy, after.changes) == ("all", True, plan.changes)


def test_cut_during_configuration_is_configured(root: AptRoot) -> None:
    root.build("lab-security", "app", "1.4", postinst=ONCE)
    root.publish_all()
    plan = resolved(root, "install", "app=1.4")
    done = act(root, "install", plan)
    assert (done.reached, done.healthy) == ("none", False)
    assert root.apt.repair("install", plan) == "dpkg --configure -a"
    after = root.apt.outcome(plan, None, "")
    assert (after.reached, after.healthy) == ("all", True)


def test_a_package_whose_configuration_always_fails_goes_back_to_the_kept_one(root: AptRoot) -> None:
    root.build("lab-security", "app", "1.5", postinst="echo no luck >&2; exit 3")
    root.publish_all()
    plan = resolved(root, "install", "app=1.5")
    assert act(root, "install", plan).healthy is False
    root.apt.repair("install", plan)
    broken = root.apt.outcome(plan, None, "")
    assert (broken.reached, broken.healthy, broken.detail) == ("none", False, "app is iF")
    assert root.apt.state().problem == "1 packages are not whole: app (iF)"
    assert act(root, "downgrade", resolved(root, "downgrade", "app=1.0")).reached == "all"
    assert root.apt.state().problem == ""


def test_the_digest_changes_with_packages_and_indexes_alone(root: AptRoot) -> None:
    root.publish_all()
    before = root.apt.state_digest()
    root.apt.inventory()
    assert root.apt.refresh() == ""
    assert root.apt.state_digest() == before
    root.build("lab", "lib", "3.0")
    root.publish_all()
    with_index = root.apt.state_digest()
    root.install("lib=1.0", "app=1.1")
    assert len({before, with_index, root.apt.state_digest()}) == 3


def test_an_unreadable_repository_is_a_problem_in_one_line(root: AptRoot) -> None:
    root.close()
    problem = root.apt.refresh()
    assert problem.startswith("the repositories could not be read: ")
    assert root.apt.state().problem == problem
    assert root.apt.inventory().installed != []


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("app=9", "Version '9' for 'app' was not found"),
        ("nosuch=1", "Unable to locate package nosuch"),
        ("--help=1", "expected a Debian package name, got '--help'"),
        ("app=1;reboot", "expected a Debian version for app, got '1;reboot'"),
        ("app=0.9", "Version '0.9' for 'app' was not found"),
    ],
)
def test_what_cannot_be_prepared_says_why(root: AptRoot, target: str, says: str) -> None:
    assert says in root.apt.download("install", [package(target)])
    assert says in root.apt.plan("install", [package(target)]).problem


def test_a_downgrade_without_a_copy_says_so(root: AptRoot) -> None:
    assert root.apt.download("downgrade", [package("app=0.5")]) == ""
    assert root.apt.plan("downgrade", [package("app=0.5")]).problem == "no copy of app 0.5 is kept or to be had"


def test_a_reboot_is_pending_when_the_system_says_so(root: AptRoot) -> None:
    assert root.apt.reboot_reasons() == []
    (root.root / "run/reboot-required").touch()
    assert root.apt.reboot_reasons() == ["the system asks for it"]
    (root.root / "run/reboot-required.pkgs").write_text("libc6\nlinux-image\nlibc6\n")
    assert root.apt.reboot_reasons() == ["asked for by libc6, linux-image"]


HOLDER = """
import fcntl, sys
with open(sys.argv[1], "w") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


def test_nothing_starts_while_another_program_holds_dpkgs_lock(root: AptRoot) -> None:
    root.publish_all()
    plan = resolved(root, "install", "app=1.1")
    lock = str(root.root / "var/lib/dpkg/lock-frontend")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLDER, lock], **pipes) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(ProviderProblem, match="another program is working with dpkg"):
            root.apt.transaction("install", plan, 30)
        other.communicate()
    assert act(root, "install", plan).reached == "all"


def test_a_disk_that_is_too_full_is_said_before_anything_is_asked(
    root: AptRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.publish_all()
    needed = resolved(root, "install", "app=1.1").bytes_needed
    usage = type("Usage", (), {"free": needed - 1})
    monkeypatch.setattr("patchring_agent.providers.apt.provider.shutil.disk_usage", lambda path: usage)
    assert root.apt.plan("install", [package("app=1.1")]).problem == "expected 0 MiB of free space, there are 0 MiB"
