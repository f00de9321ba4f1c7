"""Which files make up the agent: its own package, and of the server's code `patchring.wire` alone."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
SOURCE = REPOSITORY / "src"


def files() -> list[tuple[str, bytes]]:
    """Path inside the package and content, sorted."""
    found = [SOURCE / "patchring/__init__.py", *(SOURCE / "patchring/wire").rglob("*.py")]
    found += (SOURCE / "patchring_agent").rglob("*.py")
    return sorted((str(path.relative_to(SOURCE)), path.read_bytes()) for path in found)


def version() -> str:
    text = (SOURCE / "patchring_agent/__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^VERSION = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise SystemExit('src/patchring_agent/__init__.py has no line VERSION = "..."')
    return found[1]
