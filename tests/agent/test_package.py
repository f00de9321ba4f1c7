"""The two files that are installed on devices: reproducible, complete, and without anything of the server."""

from __future__ import annotations

import ast
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from agent_package import deb, sources, zipapp

EPOCH_S = 1_767_225_600
SYSTEM_PYTHON = Path("/usr/bin/python3")


def usable_python() -> bool:
    """Whether the distribution's own Python has the distribution's own cryptography."""
    if not SYSTEM_PYTHON.exists():
        return False
    done = subprocess.run([SYSTEM_PYTHON, "-I", "-c", "import cryptography"], capture_output=True, check=False)
    return done.returncode == 0


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    for build in (zipapp.build, deb.build):
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "b").mkdir(exist_ok=True)
        one, two = build(tmp_path / "a", EPOCH_S), build(tmp_path / "b", EPOCH_S)
        assert one.read_bytes() == two.read_bytes()


def test_nothing_of_the_server_is_in_it() -> None:
    names = [name for name, _ in sources.files()]
    assert {name.split("/")[0] for name in names} == {"patchring", "patchring_agent"}
    ours = {"/".join(name.split("/")[:2]) for name in names if name.startswith("patchring/")}
    assert ours == {"patchring/__init__.py", "patchring/wire"}


@pytest.mark.parametrize(("name", "content"), sources.files(), ids=[name for name, _ in sources.files()])
def test_python_39_can_read_it(name: str, content: bytes) -> None:
    tree = ast.parse(content, name, feature_version=(3, 9))
    imported = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    if any(isinstance(node, (ast.AnnAssign, ast.FunctionDef)) for node in ast.walk(tree)):
        assert "__future__" in imported, f"{name}: 3.9 evaluates annotations without the future import"


@pytest.mark.skipif(not usable_python(), reason="needs /usr/bin/python3 with python3-cryptography")
def test_the_one_file_runs_with_the_distributions_python(tmp_path: Path) -> None:
    path = zipapp.build(tmp_path, EPOCH_S)
    assert zipfile.is_zipfile(path)
    run = [str(path), "--state", str(tmp_path / "none")]
    assert subprocess.run([*run, "version"], capture_output=True, text=True, check=True).stdout == (
        f"patchring-agent {sources.version()}\n"
    )
    status = subprocess.run([*run, "status"], capture_output=True, text=True, check=False)
    assert (status.returncode, status.stdout) == (1, "")
    assert status.stderr.startswith("patchring-agent: no enrolment in ")


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")
def test_dpkg_reads_the_deb_and_its_scripts_are_sound(tmp_path: Path) -> None:
    path = deb.build(tmp_path, EPOCH_S)
    shown = subprocess.run(["dpkg-deb", "-f", path, "Package", "Depends"], capture_output=True, text=True, check=True)
    assert shown.stdout == ("Package: patchring-agent\nDepends: python3 (>= 3.9), python3-cryptography (>= 3.3)\n")
    subprocess.run(["dpkg-deb", "-x", path, tmp_path / "data"], check=True)
    subprocess.run(["dpkg-deb", "-e", path, tmp_path / "control"], check=True)
    for script in deb.SCRIPTS:
        subprocess.run(["sh", "-n", tmp_path / "control" / script], check=True)
    found = {p.relative_to(tmp_path / "data" / deb.LIBRARY) for p in (tmp_path / "data" / deb.LIBRARY).rglob("*.py")}
    assert found == {Path(name) for name, _ in sources.files()}
    assert (tmp_path / "data/usr/bin/patchring-agent").stat().st_mode & 0o777 == 0o755


def test_the_service_leaves_the_boot_id_alone() -> None:
    """These mount /proc anew; in a container the agent then sees the host's boot id, and no reboot ever."""
    settings = (deb.FILES / "patchring-agent.service").read_text().splitlines()
    assert not [line for line in settings if line.startswith(("ProtectControlGroups", "ProtectKernelTunables", "Proc"))]
    assert "KillMode=process" in settings
