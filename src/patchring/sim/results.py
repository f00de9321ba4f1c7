"""Results of simulations in a file, so that a run which is broken off goes on where it was.

A result is kept under a key that names the code which made it: nothing old is taken for new.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import patchring

_SOURCE = Path(patchring.__file__).parent.parent


def code_version(folders: Sequence[str]) -> str:
    """A digest of the modules and statements in these folders of `src`: what decides what a simulation comes to."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted((_SOURCE / folder).rglob("*.*")):
            if path.suffix in (".py", ".sql"):
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def read_results(kept: Path | None) -> Iterator[dict[str, Any]]:
    """Each with its `key`. A last line that was cut off when the run was broken off is left out; None: no file."""
    for line in kept.read_text(encoding="utf-8").splitlines() if kept and kept.exists() else ():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def keep_result(kept: Path | None, key: str, result: Mapping[str, Any]) -> None:
    if kept is not None:
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, **result}, sort_keys=True) + "\n")
