"""Dry runs resolved into plans: every change with exact versions, where it comes from, and the hash of its file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from patchring.wire.messages import Change, Package, Plan
from patchring_agent.commands import Finished, last_errors
from patchring_agent.providers.apt import facts, kept, parse
from patchring_agent.providers.apt.tool import AptSite, targets
from patchring_agent.providers.contract import Planned

KEPT = "kept"


def dry_run(site: AptSite, native: str, action: str, packages: Sequence[Package]) -> Finished:
    """What apt would do for an offer. The same command, without the dry run, is the transaction."""
    if action == "downgrade":
        files = [str(_kept_file(site, native, package) or "missing") for package in packages]
        return site.simulate("--allow-downgrades", "--no-download", "--no-install-recommends", "install", *files)
    return site.simulate("--no-install-recommends", "install", *wanted(packages, native))


def wanted(packages: Sequence[Package], native: str) -> list[str]:
    return targets([(p.name, p.architecture, p.version) for p in packages], native)


def resolve(site: AptSite, native: str, action: str, packages: Sequence[Package]) -> Planned:
    """Raises ProviderProblem when the repositories contradict themselves."""
    if action == "downgrade":
        for package in packages:
            if _kept_file(site, native, package) is None:
                return Planned(None, f"no copy of {package.name} {package.version} is kept or to be had")
    finished = dry_run(site, native, action, packages)
    if finished.exit_code != 0 and action == "downgrade":
        packages, finished = _as_a_set(site, native, packages, finished)
    if finished.exit_code != 0:
        return Planned(None, f"apt would not do it: {last_errors(finished)}")
    steps = parse.dry_run(finished.stdout)
    missed = _missed(site, steps, packages)
    if missed:
        return Planned(None, f"apt would not bring {missed} there")
    if not steps:
        return Planned(None, satisfied=True)
    return _planned(site, native, action, packages, steps)


def _as_a_set(
    site: AptSite, native: str, packages: Sequence[Package], refused: Finished
) -> tuple[Sequence[Package], Finished]:
    """What does not go back alone is tried with what it came with; apt itself never looks for older versions."""
    installed = {package.name: package.version for package in facts.owned(site)}
    more = kept.companions(site, packages, installed)
    if not more:
        return packages, refused
    together = [*packages, *more]
    return together, dry_run(site, native, "downgrade", together)


def _missed(site: AptSite, steps: Sequence[parse.Step], packages: Sequence[Package]) -> str:
    """A target that would be neither installed by the steps nor is there already; empty when there is none."""
    brought = {(step.name, step.new) for step in steps}
    there = {(package.name, package.version) for package in facts.owned(site) if package.is_whole}
    for package in packages:
        if (package.name, package.version) not in brought | there:
            return f"{package.name} {package.version}"
    return ""


def _planned(
    site: AptSite, native: str, action: str, packages: Sequence[Package], steps: Sequence[parse.Step]
) -> Planned:
    own = {(p.name, p.version) for p in packages} if action == "downgrade" else set()
    bought = [(s.name, s.architecture, s.new) for s in steps if s.new and (s.name, s.new) not in own]
    known = facts.available(site, native, bought)
    changes, missing, bytes_needed = [], "", 0
    for step in sorted(steps, key=lambda s: (s.name, s.architecture)):
        found = known.get((step.name, step.architecture, step.new))
        change = _from_kept(site, step) if (step.name, step.new) in own else _change(step, found)
        if change.to_version and not change.sha256:
            missing = f"{step.name} {step.new}"
        changes.append(change)
        bytes_needed += (found.number("Size") + found.number("Installed-Size") * 1024) if found else 0
    if missing:
        return Planned(None, f"no repository names a file for {missing}")
    return Planned(Plan("apt", changes, way_back(site, changes), bytes_needed))


def _change(step: parse.Step, found: Optional[facts.Available]) -> Change:
    release = found.release if found is not None and found.release is not None else parse.Release("", "", "")
    sha256 = found.sha256 if found is not None else ""
    where = (release.origin, release.label, release.suite)
    return Change(step.name, step.architecture, step.old, step.new, *where, sha256)


def _from_kept(site: AptSite, step: parse.Step) -> Change:
    path = kept.find(site, step.name, step.new, step.architecture)
    sha256 = kept.sha256_of(path) if path is not None else ""
    return Change(step.name, step.architecture, step.old, step.new, KEPT, "", "", sha256)


def way_back(site: AptSite, changes: Sequence[Change]) -> list[Change]:
    """The changes that undo the plan, from kept files; empty when one of them is not kept. Additions stay."""
    back: list[Change] = []
    for change in changes:
        if not change.from_version:
            continue
        found = any_kept(site, change.package, change.from_version, [change.architecture, "all"])
        if found is None:
            return []
        path, architecture = found
        sha256 = kept.sha256_of(path)
        versions = (change.to_version, change.from_version)
        back.append(Change(change.package, architecture, *versions, KEPT, "", "", sha256))
    return back


def any_kept(site: AptSite, name: str, version: str, architectures: Sequence[str]) -> Optional[tuple[Path, str]]:
    for architecture in architectures:
        path = kept.find(site, name, version, architecture)
        if path is not None:
            return path, architecture
    return None


def _kept_file(site: AptSite, native: str, package: Package) -> Optional[Path]:
    found = any_kept(site, package.name, package.version, [package.architecture or native, native, "all"])
    return found[0] if found is not None else None
