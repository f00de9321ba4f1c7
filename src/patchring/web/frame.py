"""What every page needs around its own content: who looks, what is stopped, what has a name, the fingerprint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from patchring.app.permissions import Permission
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.transaction import Row, Tx
from patchring.web.models import Frame, Scope, StopView
from patchring.web.scopes import Names, parse_key, stop_view
from patchring.web.viewer import Viewer
from patchring.web.words import RESTING
from patchring.wire.authority import PERMIT_LIFETIME_S


@dataclass(frozen=True)
class Framed:
    """The rows of the frame. `path` is where one is, to come back to after a form."""

    viewer: Viewer
    path: str
    now: datetime
    version: str
    names: Names
    stops: list[StopView]
    notice: str = ""

    @property
    def everything(self) -> bool:
        return self.viewer.everything

    def frame(self, title: str, scopes: list[Scope]) -> Frame:
        return Frame(
            title=title,
            path=self.path,
            version=self.version,
            now=self.now,
            who=self.viewer.name,
            csrf=self.viewer.csrf,
            may_halt=self.viewer.may_halt,
            may_resume=self.viewer.may_resume,
            scopes=scopes,
            stops=self.stops,
            notice=self.notice,
            permit_lifetime=PERMIT_LIFETIME_S,
        )


async def load_frame(tx: Tx, viewer: Viewer, path: str, now: datetime, rollouts: Sequence[Row], notice: str) -> Framed:
    """`rollouts` are those on the page; stops that name others are looked up."""
    scope = {"tenant_ids": list(viewer.tenant_ids)}
    tenants = {row["tenant_id"]: row["name"] for row in await tx.all(sql.page.tenants, scope)}
    stops = await tx.all(sql.page.stops) if viewer.principal.may(Permission.STOPS_READ) else []
    parsed = [stopped for stopped in (parse_key(row["stop_key"]) for row in stops) if stopped is not None]
    known = {row["rollout_id"]: (row["tenant_id"], row["title"]) for row in rollouts}
    patches = {row["patch_key"]: row["title"] for row in rollouts}
    missing = [stopped.rollout_id for stopped in parsed if stopped.rollout_id and stopped.rollout_id not in known]
    for row in await tx.all(sql.page.rollouts_named, {**scope, "rollout_ids": missing}) if missing else []:
        known[row["rollout_id"]] = (row["tenant_id"], row["title"])
    unnamed = [stopped.patch_key for stopped in parsed if stopped.patch_key and stopped.patch_key not in patches]
    for row in await tx.all(sql.page.patches_named, {**scope, "patch_keys": unnamed}) if unnamed else []:
        patches[row["patch_key"]] = row["title"]
    names = Names(tenants, known, patches)
    views = [view for view in (stop_view(row, names) for row in stops) if view is not None]
    version = await load_version(tx, viewer.tenant_ids)
    return Framed(viewer, path, now, version, names, views, notice)


async def load_version(tx: Tx, tenant_ids: Sequence[TenantId]) -> str:
    """A fingerprint of what pages of these tenants show."""
    given = {"tenant_ids": list(tenant_ids), "final_states": [str(state) for state in RESTING]}
    return str(await tx.value(sql.page.version, given))


def recent_months(now: datetime) -> list[date]:
    """The months whose events count as recent: this one and the one before, each by its first day."""
    first = now.date().replace(day=1)
    return [first, (first - timedelta(days=1)).replace(day=1)]


def tenant_name(names: Names, tenant_id: UUID) -> str:
    return names.tenants.get(tenant_id, "")
