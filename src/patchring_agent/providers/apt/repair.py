"""What an interrupted transaction left, finished or repaired, and nothing else.

Exit codes are not believed: after a cut during unpack `dpkg --configure -a` and `apt-get -f install` both return 0
and repair nothing, so each package's own state is looked at, and what is half installed is installed again.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Sequence
from pathlib import Path

from patchring.wire.messages import Change, Plan
from patchring_agent.commands import apart, run
from patchring_agent.providers.apt import facts, kept, parse
from patchring_agent.providers.apt.tool import CONFFILES, INSTALL, AptSite, targets

LOCK_WAIT_S = 900
LOCK_POLL_S = 1.0
REPAIR_S_MAX = 1800


def repair(site: AptSite, native: str, action: str, plan: Plan) -> str:
    """Says in one line what was done. Waits for whoever holds dpkg's lock: that is the transaction still running."""
    if not wait_for_lock(site.admin / "lock-frontend"):
        return f"dpkg's lock was not free after {LOCK_WAIT_S} s"
    done = []
    if is_interrupted(site) or _broken(site, plan.changes, "UFWt"):
        run(apart(site.dpkg("--configure", "-a")), timeout_s=REPAIR_S_MAX)
        done.append("dpkg --configure -a")
    half = _broken(site, plan.changes, "HR")
    if half:
        run(apart(_install_again(site, native, action, half)), timeout_s=REPAIR_S_MAX)
        done.append("installed again: " + ", ".join(change.package for change in half))
    if _fix_is_within(site, plan):
        run(apart(site.get(*INSTALL, *CONFFILES, "-f", "install")), timeout_s=REPAIR_S_MAX)
        run(apart(site.dpkg("--configure", "-a")), timeout_s=REPAIR_S_MAX)
        done.append("apt-get -f install")
    return "; ".join(done) or "nothing was left to repair"


def wait_for_lock(path: Path) -> bool:
    """Whether the lock became free in time; it is not kept."""
    for _ in range(int(LOCK_WAIT_S / LOCK_POLL_S)):
        if lock_is_free(path):
            return True
        time.sleep(LOCK_POLL_S)
    return False


def lock_is_free(path: Path) -> bool:
    """Whether nobody holds dpkg's front-end lock in this moment."""
    if not path.exists():
        return True
    try:
        with path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_interrupted(site: AptSite) -> bool:
    """dpkg's own journal: numbered files that were not merged into its status."""
    folder = site.admin / "updates"
    return folder.is_dir() and any(path.name.isdigit() for path in folder.iterdir())


def _broken(site: AptSite, changes: Sequence[Change], letters: str) -> list[Change]:
    """The plan's packages whose state, or error flag, is one of the letters of dpkg's abbreviation."""
    states = {(p.name, p.architecture): p for p in facts.owned(site)}
    found = []
    for change in changes:
        package = states.get((change.package, change.architecture))
        if package is not None and any(letter in letters for letter in package.status[1:3].strip()):
            found.append(change)
    return found


def _install_again(site: AptSite, native: str, action: str, changes: Sequence[Change]) -> list[str]:
    """dpkg takes the plan's own files, without asking a repository; what depends on them is configured after it."""
    files = [kept.find(site, c.package, c.to_version, c.architecture) for c in changes]
    if all(file is not None for file in files):
        return site.dpkg("--install", *(str(file) for file in files))
    exact = targets([(c.package, c.architecture, c.to_version) for c in changes], native)
    more = ["--allow-downgrades"] if action == "downgrade" else []
    return site.get(*INSTALL, *CONFFILES, *more, "--reinstall", "install", *exact)


def _fix_is_within(site: AptSite, plan: Plan) -> bool:
    """Whether apt wants to mend something, and only with changes that the plan has: `-f` may want far more."""
    steps = parse.dry_run(site.simulate("--no-install-recommends", "-f", "install").stdout)
    planned = {(c.package, c.to_version) for c in plan.changes}
    return bool(steps) and all(step.new and (step.name, step.new) in planned for step in steps)
