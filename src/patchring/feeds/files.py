"""Feeds from a file or a folder, for places without internet: the same values as over the network."""

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from patchring.core.clock import Clock
from patchring.feeds.answers import Failed, Fetched
from patchring.feeds.errors import FeedRefused
from patchring.feeds.guards import BOUNDS
from patchring.feeds.osv_documents import MEMBER, documents
from patchring.feeds.sources import Source

_READABLE = (".json", ".csv", ".xml", ".ndjson", ".gz", ".xz", ".zip")
# Not read, but named with what to do about it, instead of passed over.
_HINTED = (".zst",)
_ONE_FEED_IN_MANY_FILES = {"osv"}


def from_path(feed: str, path: Path, clock: Clock, part: str = "") -> list[Fetched | Failed]:
    """What a file has, or each file of a folder by name (not those below). Of OSV a folder is one feed, whatever mix of
    single advisories, lines and zips it is. `part` is told on. What cannot be read is a Failed, also a folder with no
    feed in it; what of a folder is no file of a feed, `left_out` names."""
    if not path.is_dir():
        return [_file(feed, path, clock, part)]
    try:
        files = sorted(each for each in path.iterdir() if _is_feed(each))
    except OSError as error:
        return [_failed(feed, path, clock, part, f"expected a folder that can be read ({error.strerror})")]
    if not files:
        return [_failed(feed, path, clock, part, f"expected files that end in {', '.join(_READABLE)}, there are none")]
    answers = [_file(feed, each, clock, part) for each in files]
    single = feed in _ONE_FEED_IN_MANY_FILES and len(files) > 1
    return [_together(feed, path, clock, part, answers)] if single else answers


def left_out(path: Path) -> list[tuple[str, str]]:
    """What of a folder is not read, by name, and why; nothing of a file, and of a folder that cannot be read."""
    try:
        others = sorted(each for each in path.iterdir() if not _is_feed(each)) if path.is_dir() else []
    except OSError:
        return []
    endings = f"its name ends in none of {', '.join(_READABLE)}"
    return [(each.name, "a folder in a folder: bring it by itself" if each.is_dir() else endings) for each in others]


def _is_feed(path: Path) -> bool:
    return path.name.endswith((*_READABLE, *_HINTED)) and not path.is_dir()


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
    """One zip of all their advisories, as the internet has it; or the first that could not be read, because a part is
    not the whole."""
    packed, size = io.BytesIO(), 0
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for answer in answers:
            if isinstance(answer, Failed):
                return answer
            try:
                for name, content in _members(feed, answer):
                    size += len(content)
                    if size > BOUNDS[feed].bytes_open or packed.tell() > BOUNDS[feed].bytes_packed:
                        return _failed(feed, path, clock, part, "expected less in the folder", "feed_too_large")
                    archive.writestr(name, content)
            except FeedRefused as refused:
                text = refused.told_of(answer.source.file)
                return Failed(answer.source, clock.now(), refused.kind, text)
    return Fetched(_source(feed, path, part), packed.getvalue(), clock.now())


def _members(feed: str, answer: Fetched) -> Iterator[tuple[str, bytes]]:
    """The advisories of a file, by the names that a message about them is to have. Raises FeedRefused."""
    for where, said in documents(feed, answer.content):
        content = said.encode() if isinstance(said, str) else said
        yield f"{answer.source.file}, {where}{MEMBER}" if where else f"{answer.source.file}{MEMBER}", content


def _source(feed: str, path: Path, part: str) -> Source:
    return Source(feed, path.absolute().as_uri(), part)


def _failed(feed: str, path: Path, clock: Clock, part: str, found: str, kind: str = "feed_unreadable") -> Failed:
    text = f"{feed}: {path}: {found}; what we have stays"
    return Failed(_source(feed, path, part), clock.now(), kind, text)
