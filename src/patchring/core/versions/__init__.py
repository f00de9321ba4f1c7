"""Which of two versions is newer, by the order of the scheme that they were written in."""

from patchring.core.versions.order import Scheme, compare, older, scheme_of

__all__ = ["Scheme", "compare", "older", "scheme_of"]
