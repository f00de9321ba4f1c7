"""Files and folders of a tree that nobody reads: `policy.yml`, `group/`. What is in them would silently not hold."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from patchring.policyfile.errors import Problem, Severity

BASELINE, POLICY, TENANTS = "baseline.yaml", "policy.yaml", "tenants"
LOCAL = {"sites": "site", "groups": "group"}
# What people keep beside policies and nobody takes for one.
_BESIDE = (".*", "README*", "LICENSE*", "*.md", "*.schema.json")


def around_tenants(root: Path) -> Iterator[Problem]:
    """Warnings of what is beside the baseline and the tenants."""
    for entry in _entries(root):
        if not _is(entry, BASELINE, TENANTS):
            yield _unread(entry, _near(entry.name, (BASELINE, TENANTS)))
    for entry in _entries(root / TENANTS):
        if not (entry / POLICY).is_file():
            yield _unread(entry, f"it has no {POLICY}{there(entry, POLICY)}" if entry.is_dir() else _A_FOLDER)


_A_FOLDER = f"expected a folder for each tenant, with a {POLICY}"


def of_tenant(folder: Path) -> Iterator[Problem]:
    """Warnings of what is beside the files of a tenant."""
    for entry in _entries(folder):
        if not _is(entry, POLICY, *LOCAL):
            yield _unread(entry, _near(entry.name, (POLICY, *LOCAL)))
    for name, kind in LOCAL.items():
        for entry in _entries(folder / name):
            if entry.suffix != ".yaml" or not entry.is_file():
                yield _unread(entry, f"expected a file for each {kind}, such as {entry.stem}.yaml")


def there(folder: Path, name: str) -> str:
    """`; policy.yml is there: call it policy.yaml`, for a name that is not there; empty when nothing is near it."""
    near = get_close_matches(name, [entry.name for entry in _entries(folder)], 1, 0.8)
    return f"; {near[0]} is there: call it {name}" if near else ""


def _entries(folder: Path) -> list[Path]:
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [entry for entry in found if not any(entry.match(pattern) for pattern in _BESIDE)]


def _is(entry: Path, *names: str) -> bool:
    """A name with an ending is a file's, one without a folder's."""
    return entry.name in names and (entry.is_file() if "." in entry.name else entry.is_dir())


def _near(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name.casefold(), names, 1)
    return f"did you mean {near[0]!r}?" if near else f"expected here {', '.join(names)}"


def _unread(entry: Path, advice: str) -> Problem:
    name = f"{entry}/" if entry.is_dir() else str(entry)
    return Problem(0, "", f"is not read; {advice}", Severity.WARNING, name)
