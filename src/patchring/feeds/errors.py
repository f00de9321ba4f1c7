"""Why what came from a feed is not taken. It is refused as a whole, and the last good one stays.

FeedRefused
├── Empty           nothing came, or a feed without a single row
├── TooLarge        more bytes, rows or text than this feed ever has
├── WrongEncoding   the bytes are not UTF-8, or the packing is damaged or unknown
├── Truncated       it ends before it is complete
├── WrongShape      a field is missing, of another type, or says something that cannot be
├── WrongPart       it is of another part than it was asked for or brought as (a distribution of osv)
├── Duplicate       the same thing twice, and not the same said of it
├── Shrunken        more has vanished since the last good one than can be withdrawals
└── Older           it was published before the last good one
"""

_LONGEST = 300


class FeedRefused(Exception):
    """`kind` is stable and for programs; the text is one line: what was expected, what came, what to do."""

    kind: str = "feed_refused"
    advice: str = "the last good one stays; fetch it again"
    advice_of_file: str = "nothing of it was taken; see that the file came whole"

    def __init__(self, feed: str, found: str, advice: str = "") -> None:
        self.feed = feed
        self.found = _one_line(found)
        self._advice = advice
        super().__init__(f"{feed}: {self.found}; {advice or self.advice}")

    def told_of(self, file: str) -> str:
        """The text where somebody brought it as a file: it is named, and the advice is about a file. `file` empty: it
        came over the network."""
        if not file:
            return str(self)
        return f"{self.feed}: {_one_line(file)}: {self.found}; {self._advice or self.advice_of_file}"


def _one_line(found: str) -> str:
    """It may quote a stranger, also by way of a library: short, and without what a terminal would obey."""
    shown = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in found[: _LONGEST + 1])
    return shown if len(found) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


class Empty(FeedRefused):
    kind = "feed_empty"


class TooLarge(FeedRefused):
    kind = "feed_too_large"
    advice = "the last good one stays; look at what the source sent before you fetch it again"
    advice_of_file = "nothing of it was taken; look at what is in it"


class WrongEncoding(FeedRefused):
    kind = "feed_wrong_encoding"


class Truncated(FeedRefused):
    kind = "feed_truncated"


class WrongShape(FeedRefused):
    kind = "feed_wrong_shape"
    advice = "the last good one stays; if the source has changed its format for good, Patchring needs an update"
    advice_of_file = (
        "nothing of it was taken; see that this is a file of this feed (docs/feeds.md has where each is from)"
    )


class WrongPart(WrongShape):
    kind = "feed_wrong_part"
    advice = "the last good one stays; look at what the source sent before you fetch it again"
    advice_of_file = "nothing of it was taken; bring it with the --part that it is of"


class Duplicate(FeedRefused):
    kind = "feed_duplicate"


class Shrunken(FeedRefused):
    kind = "feed_shrunken"
    advice = "the last good one stays; if the source says that this is meant, import it with --allow-shrinking"
    advice_of_file = "the last good one stays; if the source says that this is meant, add --allow-shrinking"


class Older(FeedRefused):
    kind = "feed_older"
    advice = "the last good one stays; a mirror or cache on the way is behind"
    advice_of_file = "the last good one stays; to go back to this one all the same, add --allow-older"
