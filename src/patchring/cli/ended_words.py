"""How `patchring findings ended` says it, and the one line of it above `patchring priorities`."""

from collections.abc import Sequence
from typing import Any

from patchring.cli.output import Column


def devices(line: Any) -> str:
    more = line["device_count"] - 1
    return f"{line['device_names'][0]} and {more} more" if more else str(line["device_names"][0])


def named(line: Any) -> str:
    return f"{line['name'] or '(no name)'} {line['version']}".strip()


def _why(line: Any) -> str:
    return str(line["text"])


COLUMNS: Sequence[Column] = ("state", "kind", ("what", named), ("devices", devices), "until", ("why", _why))


def headline(lines: Sequence[Any]) -> str:
    """Which systems have ended, on how many devices; empty: none has."""
    ended = [line for line in lines if line["state"] == "ended" and line["kind"] == "system"]
    if not ended:
        return ""
    count = sum(line["device_count"] for line in ended)
    what = ", ".join(f"{named(line)} ({line['device_count']})" for line in ended)
    have = "device has" if count == 1 else "devices have"
    return f"{count} {have} a system past its end of life: {what}; see `patchring findings ended`"
