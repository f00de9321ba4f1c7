"""Stop keys as people name them, taken apart: what each is about. The keys themselves are those of `stops.py`."""

import re
from dataclasses import dataclass
from uuid import UUID

from patchring.app.errors import Invalid
from patchring.app.stops import EVERYTHING, facet_stop, patch_stop, ring_stop, rollout_stop, segment_stop, tenant_stop
from patchring.core.gate.facets import OWN

KEY_CHARACTERS_MAX = 400
RING_MAX = 32_767
FORMS = "everything, patch:KEY, tenant:ID, rollout:ID, ring:ROLLOUT:N or segment:TENANT:NAME"
_RING = re.compile(r"0|[1-9][0-9]{0,4}")


@dataclass(frozen=True)
class StopKey:
    """`kind` is everything, patch, tenant, rollout, ring, segment or facet; exactly the parts that it has are set."""

    kind: str
    patch_key: str = ""
    tenant_id: UUID | None = None
    rollout_id: UUID | None = None
    ring: int = 0
    segment: str = ""
    facet: str = ""

    @property
    def reaches_all(self) -> bool:
        """Whether it stops something at more than one tenant."""
        return self.kind in ("everything", "patch")

    @property
    def text(self) -> str:
        """The one spelling that permits look for, whatever was typed."""
        if self.facet:
            return facet_stop(self.patch_key, self.facet)
        if self.tenant_id is not None:
            return segment_stop(self.tenant_id, self.segment) if self.segment else tenant_stop(self.tenant_id)
        if self.rollout_id is not None:
            return ring_stop(self.rollout_id, self.ring) if self.kind == "ring" else rollout_stop(self.rollout_id)
        return patch_stop(self.patch_key) if self.patch_key else EVERYTHING


def parse_stop_key(text: str) -> StopKey:
    """Raises Invalid for a text of no known form: a halt that nobody looks for would halt nothing."""
    kind, _, rest = text.partition(":")
    first, _, last = rest.partition(":")
    try:
        if text == EVERYTHING:
            return StopKey(EVERYTHING)
        if kind == "patch" and rest and len(text) <= KEY_CHARACTERS_MAX:
            return StopKey(kind, patch_key=rest)
        if kind == "tenant":
            return StopKey(kind, tenant_id=UUID(rest))
        if kind == "rollout":
            return StopKey(kind, rollout_id=UUID(rest))
        if kind == "ring" and _RING.fullmatch(last) and int(last) <= RING_MAX:
            return StopKey(kind, rollout_id=UUID(first), ring=int(last))
        if kind == "segment" and last and len(text) <= KEY_CHARACTERS_MAX:
            return StopKey(kind, tenant_id=UUID(first), segment=last)
        if kind == "facet":
            return _facet(rest)
    except ValueError:
        pass  # no id where one belongs: said below, like every other form that is not known
    raise Invalid(f"expected {FORMS}, got {text[:80]!r}", kind="stop_key_unknown")


def _facet(rest: str) -> StopKey:
    """The gate's own. What one tenant alone is held by is that tenant's; the others are about the patch."""
    patch_key, _, facet = rest.rpartition(":")
    own, _, tenant = facet.partition("/")
    if own == OWN.key:
        return StopKey("facet", patch_key=patch_key, tenant_id=UUID(tenant), facet=facet)
    return StopKey("facet", patch_key=patch_key, facet=facet)
