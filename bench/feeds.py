"""What it costs to load every feed into an empty PostgreSQL, and the changes of one day after that.

The real files of the shared data folder; where it is not beside this tree, the small cuts of the tests. Another process
loads them, so that its memory is that of the loading alone.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.feed_files import SHARED, first_load, next_day
from bench.figures import Figure, at_most, shown

LOAD_S_MAX, LOAD_MIB_MAX, DAY_S_MAX = 60.0, 500.0, 10.0


def run() -> list[Figure]:
    if not SHARED.exists():
        print("the shared data folder is not beside this tree; the small cuts of the tests are loaded instead")
    with tempfile.TemporaryDirectory(prefix="patchring-bench-") as name:
        first, day = first_load(Path(name)), next_day(Path(name))
        asked = {"first": [each.as_json() for each in first], "day": [each.as_json() for each in day]}
        command = [sys.executable, "-m", "bench.feeds_load"]
        done = subprocess.run(command, input=json.dumps(asked), text=True, stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    slowest = max(found["seconds"], key=lambda each: float(found["seconds"][each]))
    return [
        shown("load of the machine at the start", os.getloadavg()[0], "processes"),
        shown("files", len(first), "files"),
        shown("lines of them in the database", found["first"]["rows"], "rows"),
        at_most("the first load of everything", found["first"]["seconds"], "s", LOAD_S_MAX),
        at_most("memory of the process then", found["first"]["peak_mib"], "MiB", LOAD_MIB_MAX),
        shown(f"the slowest file of it ({slowest})", found["seconds"][slowest], "s"),
        shown("lines that another day changes", found["day"]["changed"], "rows"),
        at_most("the changes of a day", found["day"]["seconds"], "s", DAY_S_MAX),
        at_most("memory of the process after that", found["day"]["peak_mib"], "MiB", LOAD_MIB_MAX),
    ]
