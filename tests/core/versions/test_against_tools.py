"""Debian's and RPM's orders are asked of dpkg and rpm themselves: some pairs always, ten thousand in the long run."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from patchring.core.versions import Scheme, compare

SEED, FEW, MANY = 20261123, 400, 10_000
# Real shapes: epochs, security and backport suffixes, rebuilds, snapshots, release candidates, kernels, module streams.
DEB = (
    "1:9.2p1-2+deb12u3",
    "2:4.17.12+dfsg-0+deb12u1",
    "3.0.15-1~deb12u1",
    "6.1.115-1",
    "131.0.6778.85-1~deb12u1",
    "1.2.3~rc1-1+b2",
    "2.36-9+deb12u9",
    "0.0~git20230101.abc-1",
    "252.31-1~deb12u1",
    "5:27.3.1-1~debian.12~bookworm",
    "1.0-1ubuntu0.22.04.4",
    "7.88.1-10",
)
RPM = (
    "1:3.0.7-28.el9_4",
    "5.14.0-427.42.1.el9_4",
    "2.34-100.el9_4.4",
    "4:5.32.1-481.el9",
    "1.0~rc1-1.el9",
    "1.0^20230101git-1.el9",
    "128.5.0-1.el9_5.alma.1",
    "0:9.0.85-1.el9",
    "2:1.18.0-4",
    "20240905-1.el9",
    "1.8.5-1.module_el8.10.0+3833+abc",
    "252-46.el9_5.2",
)
MARKS = {Scheme.DEB: "0123456789.+~-abz", Scheme.RPM: "0123456789.+~^_abz"}


def pairs(scheme: Scheme, count: int) -> list[tuple[str, str]]:
    """Real versions beside others and beside slightly changed forms of themselves; the same ones each time."""
    chance, real = random.Random(SEED), DEB if scheme is Scheme.DEB else RPM
    found = []
    for _ in range(count):
        one = chance.choice(real)
        other = changed(one, chance, MARKS[scheme]) if chance.random() < 0.85 else chance.choice(real)
        found.append((one, other) if chance.random() < 0.5 else (other, one))
    return found


def changed(version: str, chance: random.Random, marks: str) -> str:
    """One to three characters put in, taken out or replaced behind the epoch and the first digit."""
    start = version.index(":") + 2 if ":" in version else 1
    for _ in range(chance.randint(1, 3)):
        place = chance.randint(start, len(version))
        keep = version[place + 1 :] if chance.random() < 0.6 else version[place:]
        version = version[:place] + chance.choice(["", *marks]) + keep
    return version.rstrip("-")


def dpkg_says(asked: list[tuple[str, str]]) -> list[int]:
    def is_so(one: str, relation: str, other: str) -> bool:
        return subprocess.run(["dpkg", "--compare-versions", one, relation, other], check=False).returncode == 0

    return [-1 if is_so(one, "lt", other) else 0 if is_so(one, "eq", other) else 1 for one, other in asked]


RPM_SCRIPT = """%{lua:
for line in io.lines("PAIRS") do
  local one, other = line:match("^(%S+) (%S+)$")
  io.write(rpm.vercmp(one, other), "\\n")
end}"""


def rpm_says(asked: list[tuple[str, str]], folder: Path) -> list[int]:
    file = folder / "pairs"
    file.write_text("".join(f"{one} {other}\n" for one, other in asked), encoding="ascii")
    script = RPM_SCRIPT.replace("PAIRS", str(file))
    said = subprocess.run(["rpm", "--eval", script], text=True, capture_output=True, check=True)
    return [int(word) for word in said.stdout.split()]


def disagreements(scheme: Scheme, asked: list[tuple[str, str]], said: list[int]) -> list[tuple[str, str, int, int]]:
    assert len(asked) == len(said)
    ours = [compare(scheme, one, other) for one, other in asked]
    return [(*pair, our, their) for pair, our, their in zip(asked, ours, said, strict=True) if our != their]


needs_dpkg = pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is not here")
needs_rpm = pytest.mark.skipif(shutil.which("rpm") is None, reason="rpm is not here (apt-get install rpm)")
AMOUNTS = [FEW, pytest.param(MANY, marks=pytest.mark.long)]


@needs_dpkg
@pytest.mark.parametrize("count", AMOUNTS)
def test_debians_order_is_that_of_dpkg(count: int) -> None:
    asked = pairs(Scheme.DEB, count)
    assert disagreements(Scheme.DEB, asked, dpkg_says(asked)) == []


@needs_rpm
@pytest.mark.parametrize("count", AMOUNTS)
def test_rpms_order_is_that_of_rpm(count: int, tmp_path: Path) -> None:
    asked = pairs(Scheme.RPM, count)
    assert disagreements(Scheme.RPM, asked, rpm_says(asked, tmp_path)) == []
