"""Who looks at a page: a principal with the tenants that he was given, in a session of his browser."""

from dataclasses import dataclass

from patchring.app.permissions import Permission
from patchring.app.principals import Principal
from patchring.core.ids import TenantId


@dataclass(frozen=True)
class Viewer:
    """`tenant_ids` may be empty on a new installation. `csrf` has to come with every form."""

    principal: Principal
    tenant_ids: tuple[TenantId, ...]
    csrf: str

    @property
    def name(self) -> str:
        return self.principal.name

    @property
    def everything(self) -> bool:
        """May stop what reaches beyond single tenants."""
        return self.principal.tenant_ids is None and self.principal.may(Permission.STOPS_EVERYTHING)

    @property
    def may_halt(self) -> bool:
        return self.principal.may(Permission.ROLLOUTS_HALT)

    @property
    def may_resume(self) -> bool:
        return self.principal.may(Permission.ROLLOUTS_RESUME)
