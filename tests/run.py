"""`./dev test`: everything but the long tests; `--full` takes those in. Other arguments go to pytest."""

import subprocess
import sys


def main(arguments: list[str]) -> int:
    full = "--full" in arguments
    rest = [a for a in arguments if a != "--full"]
    selection = [] if full or "-m" in rest else ["-m", "not long"]
    return subprocess.call([sys.executable, "-m", "pytest", *selection, *rest])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
