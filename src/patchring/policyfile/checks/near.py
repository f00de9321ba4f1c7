"""Whether a word is hardly another one than the one that was meant."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher


def nearest(value: str, words: Sequence[str], ratio: float) -> str:
    """The first that is as much alike as the ratio (0 to 1) says, or more; empty: none."""
    found = SequenceMatcher(None, b=plain(value))
    for word in words:
        found.set_seq1(plain(word))
        if found.real_quick_ratio() >= ratio and found.quick_ratio() >= ratio and found.ratio() >= ratio:
            return word
    return ""


def plain(word: str) -> str:
    """Nobody means something else by a capital, a dash or a space."""
    return re.sub(r"[\s_-]+", "_", word.casefold())


def numbered(one: str, other: str) -> bool:
    """`web1` and `web 2`, `ward a` and `ward b`: names that are told apart on purpose."""
    parts = [re.findall(r"\d+|[^\W\d_]+", word.casefold()) for word in (one, other)]
    apart = set(parts[0]) ^ set(parts[1])
    return bool(apart) and all(part.isdigit() or len(part) == 1 for part in apart)
