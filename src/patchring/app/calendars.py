"""What the windows of a tenant's policy in force will do, for every segment, in the zones of its sites."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from patchring.app.caller import Caller
from patchring.app.errors import Invalid, NotFound
from patchring.app.policies import check_policy
from patchring.app.tenants import find_site
from patchring.core.ids import TenantId
from patchring.core.policy.decide import row_names_of
from patchring.core.policy.model import Policy, SegmentRule
from patchring.core.schedule.preview import Planned, Skipped, preview
from patchring.core.schedule.windows import concerns
from patchring.policyfile import zone
from patchring.store import sql
from patchring.store.transaction import Row, Tx

SITES_MAX = 200
CALENDARS_MAX = 200


async def show_calendar(
    caller: Caller, tenant_id: TenantId, segment: str, site: str, count: int, after: datetime | None
) -> Row:
    """The next `count` windows of each segment (empty: all) in each zone of the sites (empty: all) that close after an
    instant (None: now). Raises NotFound (policy_not_found, site_not_found), Invalid (segment_unknown, policy_invalid).
    """
    async with caller.reading(tenant_id) as tx:
        version = await tx.maybe(sql.policies.version, {"tenant_id": tenant_id, "version": None})
        if version is None:
            detail = "the tenant has no policy; sign one with `patchring policy apply`"
            raise NotFound(detail, kind="policy_not_found")
        zones = await _zones(tx, tenant_id, site)
    policy = check_policy(version["text"])
    segments = _chosen(policy, segment)
    now = after or caller.services.clock.now()
    found = [each for rule in segments for each in _calendars(policy, rule, zones, now, count)]
    about = {key: version[key] for key in ("policy_version_id", "version", "fingerprint")}
    return {**about, "calendars": found[:CALENDARS_MAX]}


async def _zones(tx: Tx, tenant_id: TenantId, site: str) -> list[str]:
    if site:
        return [(await find_site(tx, tenant_id, site))["zone"]]
    rows = await tx.all(sql.tenants.sites, {"tenant_id": tenant_id, "after": "", "limit": SITES_MAX})
    return sorted({row["zone"] for row in rows})


def _chosen(policy: Policy, segment: str) -> Sequence[SegmentRule]:
    if not segment:
        return policy.segments
    rule = policy.segment(segment)
    if rule is None:
        names = ", ".join(each.name for each in policy.segments)
        raise Invalid(f"the policy has no segment {segment!r}; it has {names}", kind="segment_unknown")
    return [rule]


def _calendars(
    policy: Policy, rule: SegmentRule, zones: Sequence[str], now: datetime, count: int
) -> Iterator[dict[str, Any]]:
    """One for each zone; a window with a zone of its own has one calendar."""
    window = policy.windows.get(rule.window)
    if window is None:
        return
    blackouts = [each for each in policy.blackouts if concerns(each, row_names_of(policy, rule.name))]
    for name in [window.zone] if window.zone else zones:
        rows = preview(window, blackouts, policy.hours, zone(name), now, count)
        yield {"segment": rule.name, "window": window.name, "zone": name, "rows": [told(row) for row in rows]}


def told(row: Planned | Skipped) -> dict[str, Any]:
    """A row of a preview as programs get it: `opens_at` and `closes_at` are null for one that is skipped."""
    if isinstance(row, Skipped):
        reasons = [row.reason.as_json()]
        return {"state": "skipped", "on": row.on, "opens_at": None, "closes_at": None, "reasons": reasons}
    state, reasons = "changed" if row.reasons else "planned", [each.as_json() for each in row.reasons]
    return {"state": state, "on": None, "opens_at": row.opens_at, "closes_at": row.closes_at, "reasons": reasons}
