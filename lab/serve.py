"""The process of the web server: `python -m lab.serve CONFIGURATION`, the path of a JSON file (`Configuration`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lab import service
from lab.webserver import Configuration, serve


def main() -> None:
    configuration = Configuration(**json.loads(Path(sys.argv[1]).read_text()))
    service.enter(configuration.cgroup)
    serve(configuration, listening=service.ready)


if __name__ == "__main__":
    main()
