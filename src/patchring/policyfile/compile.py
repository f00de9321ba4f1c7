"""x"""

from collections.abc import Sequence

from patchring.policyfile.compiled import Flat
from patchring.policyfile.errors import Problem
from patchring.policyfile.pages import Keys


def flattened(documents: Sequence[Keys]) -> tuple[Flat, list[Problem]]:
    return Flat(documents[0], tuple(d.mark.page.layer for d in documents)), []
