"""Which of two versions is newer, by the order of the scheme that they were written in."""

from patchring.core.versions.order import KEYS, Scheme, compare, older, scheme_of

__all__ = ["KEYS", "Scheme", "compare", "older", "scheme_of"]
