"""`python -m agent_package zipapp|deb|all --out DIR`: prints the path of each file it made."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from agent_package import deb, zipapp

# The same bytes from the same sources, whenever they are packed.
EPOCH_S = int(os.environ.get("SOURCE_DATE_EPOCH", "1767225600"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m agent_package", description=__doc__)
    parser.add_argument("what", choices=["zipapp", "deb", "all"])
    parser.add_argument("--out", type=Path, default=Path("dist"), help="folder for the result (default: dist)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.what in ("zipapp", "all"):
        print(zipapp.build(options.out, EPOCH_S))
    if options.what in ("deb", "all"):
        print(deb.build(options.out, EPOCH_S))


if __name__ == "__main__":
    main()
