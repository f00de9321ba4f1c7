"""`python3 -m patchring_agent`, and what the zipapp starts."""

from __future__ import annotations

import sys


def main() -> int:
    if sys.argv[1:2] == ["guard"]:
        from patchring_agent.guard import main as guard

        return guard(sys.argv[2:])
    from patchring_agent.cli import main as command

    return command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
