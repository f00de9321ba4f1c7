"""Loads a rule with one line changed, and everything that stands on it anew, without touching what others imported."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True)
class Bug:
    """`old` occurs exactly once in the module; `new` is what somebody might have written instead."""

    name: str
    module: str
    old: str
    new: str


def written_bugs(name: str = "bugs.txt") -> list[Bug]:
    """Those of a file beside this one, in its order."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return [_read(section.splitlines()) for section in text.split("\n# ")[1:]]


def _read(lines: Sequence[str]) -> Bug:
    old = "\n".join(line[1:] for line in lines if line.startswith("-"))
    new = "\n".join(line[1:] for line in lines if line.startswith("+"))
    return Bug(lines[0], lines[1].removeprefix("@ "), old, new)


def load(bug: Bug, chain: Sequence[str]) -> Mapping[str, ModuleType]:
    """The modules of the chain by name, from the changed one on each loaded anew, on what is changed before it. The
    chain lists modules from the lowest that may be changed to the highest; those below the changed one stay."""
    affected = list(chain[chain.index(bug.module) :])
    before = {name: sys.modules.get(name) for name in affected}
    try:
        for name in affected:
            sys.modules[name] = _fresh(name, bug if name == bug.module else None)
        return {name: sys.modules.get(name) or importlib.import_module(name) for name in chain}
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def _fresh(name: str, bug: Bug | None) -> ModuleType:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    if bug is not None:
        assert source.count(bug.old) == 1, f"{bug.name}: the line is there {source.count(bug.old)} times in {name}"
        source = source.replace(bug.old, bug.new)
    module = ModuleType(name)
    module.__spec__, module.__file__ = spec, spec.origin
    sys.modules[name] = module
    exec(compile(source, spec.origin, "exec"), module.__dict__)  # noqa: S102 - our own source with one line changed
    return module
