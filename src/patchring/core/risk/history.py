"""Whether a product's updates have made trouble before (C1, A3, A4): told by what became of its newest releases.

A release made trouble when a known issue names it, or when it failed on enough of the devices that had it. Two of the
newest six make a product noisy; six good ones make it quiet again. Counts are pooled over tenants, so the sentence
names releases and no numbers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from patchring.core.devices import PatchFacts
from patchring.core.reason import Reason, reason

LOOKED_AT = 6
TROUBLED_MIN = 2
FAILED_MIN = 2
FAILED_SHARE_MIN = 0.05

# What is another one in each release of the same Windows product: the month before the title, numbers in brackets.
_OF_ONE_RELEASE = re.compile(r"^\d{4}-\d{2}\s+|\s*\([^()]*\d[^()]*\)")


@dataclass(frozen=True)
class Past:
    """An earlier release that some device had. `issue`: the name of a known issue that stands against it, or empty."""

    release: str
    verified_count: int
    failed_count: int
    issue: str = ""

    @property
    def seen(self) -> bool:
        return bool(self.verified_count or self.failed_count or self.issue)

    @property
    def trouble(self) -> str:
        """In words; empty: none."""
        if self.issue:
            return f"known issue {self.issue}"
        share = self.failed_count / max(1, self.failed_count + self.verified_count)
        return "it failed on devices" if self.failed_count >= FAILED_MIN and share >= FAILED_SHARE_MIN else ""


def product_of(patch: PatchFacts) -> str:
    """What releases of a product have in common: the package; of Windows, the title without month and numbers."""
    return _OF_ONE_RELEASE.sub("", patch.title).strip() if patch.update_id else patch.name


def noise(releases: Sequence[Past]) -> Reason | None:
    """`releases` come newest first. None: nothing speaks against the product."""
    newest = [each for each in releases if each.seen][:LOOKED_AT]
    troubled = [each for each in newest if each.trouble]
    if len(troubled) < TROUBLED_MIN:
        return None
    named = ", ".join(f"{each.release} ({each.trouble})" for each in troubled)
    text = f"{len(troubled)} of the newest {len(newest)} releases made trouble: {named}"
    return reason("noisy", text, troubled=len(troubled), releases=len(newest))
