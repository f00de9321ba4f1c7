"""The scan: what dpkg has, and which updates apt offers for it, with the reason why one would not be installed now."""

from __future__ import annotations

from collections.abc import Sequence

from patchring.wire.messages import InstalledPackage, Package, Update
from patchring_agent.providers.apt import facts, parse
from patchring_agent.providers.apt.tool import AptSite
from patchring_agent.providers.contract import Inventory

# After an update of these a reboot is usual though nothing forces it: everything runs on them.
REBOOT_MAYBE = frozenset({"libc6", "systemd", "dbus", "libssl3", "libssl3t64", "intel-microcode", "amd64-microcode"})


def take(site: AptSite, native: str) -> Inventory:
    there = facts.owned(site)
    installed = [_installed(p) for p in there]
    newer = _newer(site, native, there)
    if not newer:
        return Inventory(installed, [])
    upgrade = site.simulate("upgrade", "--with-new-pkgs").stdout
    would = {(step.name, step.new) for step in parse.dry_run(upgrade)}
    phased = parse.deferred_by_phasing(upgrade)
    held = {name.split(":")[0] for name in _run_mark(site)}
    known = facts.available(site, native, [(p.name, p.architecture, version) for p, version in newer])
    updates = []
    for package, version in newer:
        found = known[(package.name, package.architecture, version)]
        why = _held_back(package.name, version, would, held, phased, found)
        updates.append(_update(package, version, found, why))
    return Inventory(installed, updates)


def _installed(package: parse.Owned) -> InstalledPackage:
    source = "" if package.source == package.name else package.source
    source_version = "" if package.source_version == package.version else package.source_version
    return InstalledPackage("apt", package.name, package.version, package.architecture, source, source_version)


def _newer(site: AptSite, native: str, there: Sequence[parse.Owned]) -> list[tuple[parse.Owned, str]]:
    """Installed packages whose candidate stands above them; apt sorts versions, newest first."""
    names = [f"{p.name}:{p.architecture}" if p.architecture not in ("all", native) else p.name for p in there]
    known = parse.policies(site.ask("policy", *names).stdout)
    found = []
    for name, package in zip(names, there):
        entry = known.get(name)
        if entry is None or not entry.candidate or entry.candidate == package.version:
            continue
        order = list(entry.versions)
        if package.version not in order or order.index(entry.candidate) < order.index(package.version):
            found.append((package, entry.candidate))
    return found


def _run_mark(site: AptSite) -> list[str]:
    from patchring_agent.commands import run

    return run(site.mark("showhold")).stdout.split()


def _held_back(
    name: str,
    version: str,
    would: set[tuple[str, str]],
    held: set[str],
    phased: set[str],
    found: facts.Available,
) -> str:
    if name in held:
        return "held"
    if (name, version) in would:
        return ""
    if name in phased or found.record.get("Phased-Update-Percentage", "100") != "100":
        return "phased"
    return "kept_back"


def _update(package: parse.Owned, version: str, found: facts.Available, held_back: str) -> Update:
    release = found.release or parse.Release("", "", "")
    security = parse.is_security(found.release)
    record = found.record
    source = record.get("Source", package.source or package.name).split(" ")[0]
    return Update(
        Package("apt", package.name, version, record.get("Architecture", package.architecture)),
        package.version,
        title=record.get("Description", record.get("Description-en", ""))[:200],
        source=source,
        origin=release.origin,
        label=release.label,
        suite=release.suite,
        security=security,
        held_back=held_back,
        type="firmware" if package.name.startswith("firmware-") else "os",
        classification="security" if security else "unknown",
        reboot=_reboot(package.name, source),
        size_bytes=found.number("Size"),
    )


def _reboot(name: str, source: str) -> str:
    if name.startswith("linux-image-"):
        return "always"
    return "maybe" if name in REBOOT_MAYBE or source in REBOOT_MAYBE else "unknown"
