"""`./dev test`: everything but the long tests; `--full` takes those in and lets Hypothesis look for new examples. Other
arguments go to pytest.

Two processes share the work (`-n 0` for one); those that make real devices stay together in one of them.
"""

import subprocess
import sys


def main(arguments: list[str]) -> int:
    full = "--full" in arguments
    rest = [argument for argument in arguments if argument != "--full"]
    selection = [] if full or "-m" in rest else ["-m", "not long"]
    selection += ["--hypothesis-profile=searching"] if full else []
    workers = [] if "-n" in rest else ["-n", "2", "--dist", "loadgroup"]
    return subprocess.call([sys.executable, "-m", "pytest", *selection, *workers, *rest])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
