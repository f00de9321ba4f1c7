"""What came of an attempt to get a feed, over the network or from a file. Nothing here has looked at the content."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from patchring.feeds.sources import Source


@dataclass(frozen=True)
class Validators:
    """What a server said of its copy, to ask next time whether it is still that. None: it said nothing."""

    etag: str | None = None
    last_modified: str | None = None


NO_VALIDATORS = Validators()


@dataclass(frozen=True)
class Fetched:
    """`content`: the bytes as they came, packed or not. `observed_at`: when they had come; aware UTC."""

    source: Source
    content: bytes
    observed_at: datetime
    validators: Validators = NO_VALIDATORS


@dataclass(frozen=True)
class NotModified:
    """The server has what we have: as of `observed_at` it is current."""

    source: Source
    observed_at: datetime


@dataclass(frozen=True)
class Failed:
    """Nothing came that could be used, after `attempts`; what we have stays. `kind` is stable and for programs; `text`
    is one line: what was expected, what came, what to do."""

    source: Source
    observed_at: datetime
    kind: str
    text: str
    attempts: int = 1


Answer: TypeAlias = Fetched | NotModified | Failed
"""What came of it."""
