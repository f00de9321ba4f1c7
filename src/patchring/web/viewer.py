"""Who looks at a page: a principal with the tenants that he was given, in a session of his browser."""

from dataclasses import dataclass
from uuid import UUID

from patchring.core.ids import TenantId


@dataclass(frozen=True)
class Viewer:
    """`tenant_ids` is never empty. `everything`: all tenants were given to him. `csrf` has to come with every form."""

    principal_id: UUID
    name: str
    tenant_ids: tuple[TenantId, ...]
    everything: bool
    may_halt: bool
    csrf: str
