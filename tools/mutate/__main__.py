"""`python -m tools.mutate [MODULE ...]`: makes every small slip in the rules of policy, schedule, gate and rollout, one
at a time, and runs their tests. Exits with 1 when less than nine of ten are caught, or one survives that survivors.txt
does not name.

MODULE: `decide`, `windows`, ...; none: all. survivors.txt has one accepted survivor a line, and behind ` # ` why it is
none that anybody would notice.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.mutate.mutants import Mutant, mutants
from tools.mutate.runner import Work, killed, prepare, seconds_of

ROOT = Path(__file__).parents[2]
SURVIVORS = Path(__file__).with_name("survivors.txt")
KILLED_MIN = 0.9
AT_ONCE = 2
POLICY = ("tests/core/policy", "tests/core/test_decide.py", "tests/core/test_explain.py", "tests/core/test_permits.py")
SCHEDULE = tuple(
    f"tests/core/test_{name}.py"
    for name in (
        "windows",
        "rule",
        "recurrence",
        "hours",
        "preview",
        "preview_rows",
        "catch_up",
        "staffing",
        "staffing_reasons",
        "restarts",
    )
)
ROLLOUT = tuple(
    f"tests/core/test_{name}.py"
    for name in ("reconcile_laws", "whole_rollout", "elsewhere", "succession", "verify", "states")
)
# Of the ten years those that take no minute.
TEN_YEARS = tuple(
    f"tests/core/test_ten_years.py::test_{name}"
    for name in (
        "rules_that_lack_a_day",
        "no_month_is_skipped_silently",
        "a_blackout_is_whole_days_of_the_wall_clock",
    )
)
# Where a module's rules are tested under another name.
OWN: Mapping[str, Sequence[str]] = {
    "decide": ("tests/core/test_decide.py", "tests/core/policy/test_layers.py", "tests/core/policy/test_urgency.py"),
    "grants": ("tests/core/test_decide.py",),
    "match": ("tests/core/test_decide.py",),
    "bonds": ("tests/core/policy/test_dependencies.py",),
    "compare": ("tests/core/policy/test_changed_values.py",),
    "effective": ("tests/core/policy/test_every_value.py",),
    **dict.fromkeys(
        ("calendar", "handling", "model", "people", "reception"),
        ("tests/core/policy/test_words.py", "tests/core/policy/test_every_value.py"),
    ),
    "rule": ("tests/core/test_recurrence.py",),
    "occurrence": ("tests/core/test_windows.py",),
    "staffing": ("tests/core/test_staffing_reasons.py",),
    "windows": ("tests/core/test_catch_up.py", *TEN_YEARS),
    "preview": ("tests/core/test_preview_rows.py", *TEN_YEARS),
}
# A table of sentences, and values without rules.
NOT_RULES = frozenset({"__init__", "carried", "condition"})
ROOMS: Mapping[str, Sequence[str]] = {
    "patchring.core.policy": POLICY,
    "patchring.core.schedule": SCHEDULE,
    "patchring.core.gate": ("tests/core/gate",),
    "patchring.core.rollout": ROLLOUT,
}


def main(names: Sequence[str]) -> int:
    prepare()
    found = [(mutant, tests) for room in ROOMS for mutant, tests in _of_room(room, names)]
    if not found:
        print(f"no module of {', '.join(ROOMS)} is called {', '.join(names)}")
        return 2
    for mutant, dead in killed(_unchanged(found), AT_ONCE):
        if dead:
            print(f"the tests of {mutant.module} fail without any change, so nothing can be said of mutants")
            return 2
    accepted, began, survivors = _accepted(), time.monotonic(), list[Mutant]()
    for mutant, dead in killed(found, AT_ONCE):
        if not dead:
            survivors.append(mutant)
            print(
                f"{'accepted' if mutant.name in accepted else 'SURVIVED'} line {mutant.line}: {mutant.name}", flush=True
            )
    share = 1 - len(survivors) / len(found)
    unknown = [each for each in survivors if each.name not in accepted]
    print(f"{len(found)} mutants, {share:.1%} killed, {len(unknown)} survivors not accepted, {seconds_of(began)}")
    return 1 if unknown or share < KILLED_MIN else 0


def _of_room(room: str, names: Sequence[str]) -> list[Work]:
    """The tests that are called like a module first, because most of its mutants die there, then all of the room."""
    folder = ROOT / "src" / room.replace(".", "/")
    found: list[Work] = []
    for path in sorted(folder.glob("*.py")):
        if path.stem not in NOT_RULES and (not names or path.stem in names):
            named = [f"{tests}/test_{path.stem}.py" for tests in ("tests/core/policy", "tests/core/gate", "tests/core")]
            named = [each for each in named if (ROOT / each).exists()]
            runs = [run for run in ((*named, *OWN.get(path.stem, ())), tuple(ROOMS[room])) if run]
            source = path.read_text(encoding="utf-8")
            found += [(mutant, runs) for mutant in mutants(f"{room}.{path.stem}", source)]
    return found


def _unchanged(found: Sequence[Work]) -> list[Work]:
    """Each module as it is, loaded as its mutants are."""
    tests_of = {mutant.module: tests for mutant, tests in found}
    return [(Mutant(module, 0, "unchanged", _source(module)), tests) for module, tests in tests_of.items()]


def _source(module: str) -> str:
    return (ROOT / "src" / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")


def _accepted() -> set[str]:
    lines = SURVIVORS.read_text(encoding="utf-8").splitlines()
    return {line.partition(" # ")[0].strip() for line in lines if line.strip() and not line.startswith("#")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
