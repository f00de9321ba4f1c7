"""Makes broken feeds of sound ones, the same at every run: bytes and bits changed; pieces cut, doubled, moved."""

from collections.abc import Callable, Iterator
from random import Random

PIECES = (
    b"", b"\0", b"\\u0000", b"\xff\xfe", b"\xed\xa0\x80", b"null", b"true", b"-1", b"1e999", b"9" * 400, b"[", b"{",
    b"}", b'"', b"\\", b"\n", b",", b":", b"[]", b"{}", b"\\ud800", b"NaN", b"0001-01-01T00:00:00+14:00",
    b"a" * 2000, b"CVE-", b"&", b"<", b"<!ENTITY a 'b'>", b"PK\x03\x04", b"\x1f\x8b",
)  # fmt: skip
_LONGEST_PIECE = 2000


def mutations(sound: bytes, count: int, seed: int) -> Iterator[bytes]:
    """`count` broken ones, each by one to four changes."""
    random = Random(seed)
    for _ in range(count):
        broken = sound
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            broken = random.choice(_CHANGES)(broken, random)
        yield broken


def _span(raw: bytes, random: Random) -> tuple[int, int]:
    begin = random.randrange(len(raw) + 1)
    return begin, min(len(raw), begin + random.choice((1, 2, 10, 100, _LONGEST_PIECE)))


def _byte(raw: bytes, random: Random) -> bytes:
    at = random.randrange(len(raw) + 1)
    return raw[:at] + bytes([random.randrange(256)]) + raw[at + 1 :]


def _bit(raw: bytes, random: Random) -> bytes:
    if not raw:
        return raw
    at = random.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << random.randrange(8)]) + raw[at + 1 :]


def _cut(raw: bytes, random: Random) -> bytes:
    return raw[: random.randrange(len(raw) + 1)]


def _without(raw: bytes, random: Random) -> bytes:
    begin, end = _span(raw, random)
    return raw[:begin] + raw[end:]


def _doubled(raw: bytes, random: Random) -> bytes:
    begin, end = _span(raw, random)
    return raw[:end] + raw[begin:end] + raw[end:]


def _moved(raw: bytes, random: Random) -> bytes:
    begin, end = _span(raw, random)
    rest = raw[:begin] + raw[end:]
    at = random.randrange(len(rest) + 1)
    return rest[:at] + raw[begin:end] + rest[at:]


def _put_in(raw: bytes, random: Random) -> bytes:
    begin, end = _span(raw, random)
    return raw[:begin] + random.choice(PIECES) + raw[end if random.random() < 0.5 else begin :]


def _line_again(raw: bytes, random: Random) -> bytes:
    lines = raw.split(b"\n")
    lines.insert(random.randrange(len(lines) + 1), random.choice(lines))
    return b"\n".join(lines)


_CHANGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _byte, _bit, _cut, _without, _doubled, _moved, _put_in, _put_in, _line_again,
)  # fmt: skip
