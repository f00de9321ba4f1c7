"""One line each to standard error, with the journal's priority in front when systemd reads it."""

from __future__ import annotations

import os
import sys


def say(text: str, warning: bool = False) -> None:
    prefix = ("<4>" if warning else "<6>") if "JOURNAL_STREAM" in os.environ else "patchring-agent: "
    print(prefix + " ".join(text.split()), file=sys.stderr, flush=True)
