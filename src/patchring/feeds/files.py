"""Feeds from a file or a folder, for places without internet: the same values as over the network."""

import io
import os
import stat
import zipfile
from pathlib import Path

from patchring.core.clock import Clock
from patchring.feeds.answers import Failed, Fetched
from patchring.feeds.guards import BOUNDS
from patchring.feeds.sources import Source

_READABLE = (".json", ".csv", ".xml", ".ndjson", ".gz", ".xz", ".zip")
_ONE_FEED_IN_MANY_FILES = {"osv"}


def from_path(feed: str, path: Path, clock: Clock, part: str = "") -> list[Fetched | Failed]:
    """What a file has, or each file of a folder by name (not those below). A folder of single OSV advisories is one
    feed. `part` is told on. What cannot be read is a Failed, also a folder with no feed in it."""
    if not path.is_dir():
        return [_file(feed, path, clock, part)]
    try:
        files = sorted(each for each in path.iterdir() if each.name.endswith(_READABLE))
    except OSError as error:
        return [_failed(feed, path, clock, part, f"expected a folder that can be read ({error.strerror})")]
    if not files:
        return [_failed(feed, path, clock, part, f"expected files that end in {', '.join(_READABLE)}, there are none")]
    answers = [_file(feed, each, clock, part) for each in files]
    single = feed in _ONE_FEED_IN_MANY_FILES and all(each.suffix == ".json" for each in files)
    return [_together(feed, path, clock, part, answers)] if single and len(files) > 1 else answers


def _file(feed: str, path: Path, clock: Clock, part: str) -> Fetched | Failed:
    most = BOUNDS[feed].bytes_packed
    try:
        # Nothing that is no plain file: opening a pipe would wait for somebody to write.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as opened:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return _failed(feed, path, clock, part, "expected a file, this is none")
            content = opened.read(most + 1)
    except OSError as error:
        return _failed(feed, path, clock, part, f"expected a file that can be read ({error.strerror})")
    if len(content) > most:
        return _failed(feed, path, clock, part, f"expected at most {most} bytes, there are more", "feed_too_large")
    return Fetched(_source(feed, path, part), content, clock.now())


def _together(feed: str, path: Path, clock: Clock, part: str, answers: list[Fetched | Failed]) -> Fetched | Failed:
    """One zip of all, as the internet has it; or the first that could not be read, because a part is not the whole."""
    packed, size = io.BytesIO(), 0
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for number, answer in enumerate(answers):
            if isinstance(answer, Failed):
                return answer
            size += len(answer.content)
            if size > BOUNDS[feed].bytes_packed:
                return _failed(feed, path, clock, part, "expected less in the folder", "feed_too_large")
            archive.writestr(zipfile.ZipInfo(f"{number}.json"), answer.content)
    return Fetched(_source(feed, path, part), packed.getvalue(), clock.now())


def _source(feed: str, path: Path, part: str) -> Source:
    return Source(feed, path.absolute().as_uri(), part)


def _failed(feed: str, path: Path, clock: Clock, part: str, found: str, kind: str = "feed_unreadable") -> Failed:
    text = f"{feed}: {path}: {found}; what we have stays"
    return Failed(_source(feed, path, part), clock.now(), kind, text)
