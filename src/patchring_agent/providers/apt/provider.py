"""apt as a provider: the contract's methods, each in terms of the files beside this one."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from patchring.wire.messages import Change, Package, Plan, ProviderState
from patchring_agent.commands import last_errors, run
from patchring_agent.errors import CommandProblem, ProviderProblem
from patchring_agent.loop.events import ALL, NONE, PART, Outcome
from patchring_agent.providers import contract
from patchring_agent.providers.apt import facts, grammar, inventory, kept, parse
from patchring_agent.providers.apt import plan as planning
from patchring_agent.providers.apt import repair as repairing
from patchring_agent.providers.apt.tool import CONFFILES, INSTALL, PATIENCE, AptSite, targets

CAPABILITIES = [
    contract.SCAN,
    contract.SECURITY_METADATA,
    contract.INSTALL_ONE,
    contract.DRY_RUN,
    contract.DOWNGRADE,
    contract.REBOOT_QUERY,
    contract.ENFORCE_REBOOT,
]
DOWNLOAD_S_MAX = 3600


class Apt:
    name = "apt"

    def __init__(self, site: Optional[AptSite] = None) -> None:
        self.site = site or AptSite()
        self._native = ""
        self._unread = ""

    @property
    def native(self) -> str:
        """dpkg's own architecture."""
        if not self._native:
            self._native = run(["dpkg", "--print-architecture"]).stdout.strip()
        return self._native

    def state(self) -> ProviderState:
        words = run(["apt-get", "--version"]).stdout.split()
        can = [*CAPABILITIES, contract.RESTART_QUERY] if shutil.which("needrestart") else list(CAPABILITIES)
        return ProviderState("apt", words[1] if len(words) > 1 else "", can, self._problem())

    def _problem(self) -> str:
        """What is half done on this device, whoever did it."""
        try:
            broken = [p for p in facts.owned(self.site) if not p.is_whole]
        except (ProviderProblem, CommandProblem) as error:
            return str(error)
        if broken:
            named = ", ".join(f"{p.name} ({p.status.strip()})" for p in broken[:5])
            return f"{len(broken)} packages are not whole: {named}"
        if repairing.is_interrupted(self.site):
            return "dpkg was interrupted: run `dpkg --configure -a`"
        return self._unread

    def state_digest(self) -> str:
        found = hashlib.sha256()
        root = self.site.root
        single = ["var/lib/dpkg/status", "var/lib/apt/extended_states", "etc/apt/sources.list", "run/reboot-required"]
        folders = ["var/lib/dpkg/updates", "var/lib/apt/lists", "etc/apt/sources.list.d", "etc/apt/preferences.d"]
        for path in [root / name for name in single]:
            found.update(_stamp(path))
        for folder in [root / name for name in folders]:
            for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
                if entry.name not in ("lock", "partial", "auxfiles"):
                    found.update(_stamp(entry))
        return found.hexdigest()

    def refresh(self) -> str:
        """What could not be read is kept as the provider's problem until the next time."""
        self._unread = ""
        finished = run(self.site.get("-q", *PATIENCE, "-o", "DPkg::Lock::Timeout=60", "update"), timeout_s=900)
        if finished.exit_code != 0 or "\nErr:" in finished.stdout:
            self._unread = f"the repositories could not be read: {last_errors(finished)}"
        return self._unread

    def inventory(self) -> contract.Inventory:
        return inventory.take(self.site, self.native)

    def download(self, action: str, packages: Sequence[Package]) -> str:
        problem = grammar.problem_with(packages)
        if problem:
            return problem
        self._make_cache()
        if action == "downgrade":
            self._keep_targets(packages)
            return ""
        finished = planning.dry_run(self.site, self.native, action, packages)
        if finished.exit_code != 0:
            self.refresh()
            finished = planning.dry_run(self.site, self.native, action, packages)
        if finished.exit_code != 0:
            return f"apt would not do it: {last_errors(finished)}"
        return self._fetch(packages, parse.dry_run(finished.stdout))

    def _make_cache(self) -> None:
        self.site.cache.mkdir(mode=0o755, parents=True, exist_ok=True)

    def _keep_targets(self, packages: Sequence[Package]) -> None:
        there = {p.name: p.architecture for p in facts.owned(self.site)}
        for package in packages:
            for architecture in {package.architecture or there.get(package.name, self.native), self.native, "all"}:
                if kept.keep(self.site, package.name, package.version, architecture) is not None:
                    break

    def _fetch(self, packages: Sequence[Package], steps: Sequence[parse.Step]) -> str:
        wanted = planning.wanted(packages, self.native)
        only = ["-y", "-q", "--no-install-recommends", "--download-only"]
        command = self.site.get(*only, *PATIENCE, "install", *wanted)
        finished = run(command, timeout_s=DOWNLOAD_S_MAX)
        if finished.exit_code != 0:
            return f"the download failed: {last_errors(finished)}"
        there = {p.name: p.architecture for p in facts.owned(self.site)}
        for step in steps:
            if step.new:
                kept.keep(self.site, step.name, step.new, step.architecture)
            if step.new and step.old:
                kept.keep(self.site, step.name, step.old, there.get(step.name, step.architecture))
                kept.prune(self.site, step.name, {step.old, step.new})
        return ""

    def plan(self, action: str, packages: Sequence[Package]) -> contract.Planned:
        problem = grammar.problem_with(packages)
        if problem:
            return contract.Planned(None, problem)
        planned = planning.resolve(self.site, self.native, action, packages)
        free = shutil.disk_usage(self.site.root).free
        if planned.plan is not None and planned.plan.bytes_needed > free:
            needed = planned.plan.bytes_needed
            return contract.Planned(None, f"expected {needed >> 20} MiB of free space, there are {free >> 20} MiB")
        return planned

    def transaction(self, action: str, plan: Plan, seconds_left: int) -> contract.Transaction:
        """Raises ProviderProblem when a file is not the one of the plan, when the plan removes something, and when
        somebody else holds dpkg's lock."""
        for change in plan.changes:
            self._check_file(change)
        if not repairing.lock_is_free(self.site.admin / "lock-frontend"):
            raise ProviderProblem("another program is working with dpkg")
        lock = ["-o", f"DPkg::Lock::Timeout={max(seconds_left, 0)}"]
        kept.remember(self.site, plan.way_back)
        if action == "downgrade":
            exact = [str(self._file(change)) for change in plan.changes]
            more = ["--allow-downgrades"]
        else:
            exact = targets([(c.package, c.architecture, c.to_version) for c in plan.changes], self.native)
            more = []
        argv = self.site.get(*INSTALL, *CONFFILES, *lock, *more, "--no-download", "install", *exact)
        return contract.Transaction(argv, {}, self._marks(plan))

    def _file(self, change: Change) -> Optional[Path]:
        return kept.find(self.site, change.package, change.to_version, change.architecture)

    def _check_file(self, change: Change) -> None:
        if not change.to_version:
            raise ProviderProblem(f"the plan removes {change.package}; the agent never does that")
        path = self._file(change)
        if path is None:
            raise ProviderProblem(f"the file of {change.package} {change.to_version} is not in the agent's folder")
        if kept.sha256_of(path) != change.sha256:
            path.unlink()
            raise ProviderProblem(f"the file of {change.package} {change.to_version} is not the one of the plan")

    def _marks(self, plan: Plan) -> list[list[str]]:
        """Naming a package to apt-get marks it as wanted by a person; what was not stays so."""
        auto = set(run(self.site.mark("showauto")).stdout.split())
        upgrades = any(change.from_version for change in plan.changes)
        names = [c.package for c in plan.changes if c.package in auto or (upgrades and not c.from_version)]
        return [self.site.mark("auto", *names)] if names else []

    def outcome(self, plan: Plan, exit_code: Optional[int], output: str) -> Outcome:
        there = {(p.name, p.architecture): p for p in facts.owned(self.site)}
        reached, broken = [], []
        for change in plan.changes:
            package = there.get((change.package, change.architecture))
            if package is not None and not package.is_whole:
                broken.append(f"{package.name} is {package.status.strip()}")
            elif package is not None and package.version == change.to_version:
                reached.append(change)
        word = ALL if len(reached) == len(plan.changes) else PART if reached else NONE
        detail = "; ".join(broken) or f"{len(reached)} of {len(plan.changes)} changes are there"
        if exit_code:
            detail = f"{detail}; apt-get ended with {exit_code}: {_last_error(output)}"
        pending = bool(self.reboot_reasons())
        return Outcome(word, not broken, exit_code, detail, output, reached, pending)

    def repair(self, action: str, plan: Plan) -> str:
        return repairing.repair(self.site, self.native, action, plan)

    def reboot_reasons(self) -> list[str]:
        reasons = []
        flag, named = self.site.root / "run/reboot-required", self.site.root / "run/reboot-required.pkgs"
        if flag.exists():
            asked = sorted(set(named.read_text().split())) if named.exists() else []
            reasons.append("asked for by " + ", ".join(asked) if asked else "the system asks for it")
        installed = {p.name: p.version for p in facts.owned(self.site) if p.is_whole}
        system = os.uname()
        return reasons + parse.kernel_reasons(system.release, system.version, installed)

    def restarts_needed(self) -> list[str]:
        if shutil.which("needrestart") is None:
            return []
        return parse.restarts(run(["needrestart", "-b", "-r", "l"], timeout_s=120).stdout)


def _stamp(path: Path) -> bytes:
    try:
        status = path.stat()
    except OSError:
        return b"-"
    return f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode()


def _last_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "dpkg: error"))]
    return "; ".join(errors[-2:] or lines[-1:])[:300] or "it did not say why"
