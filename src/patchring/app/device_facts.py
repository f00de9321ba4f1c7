"""Rows of the store as the values that core's rules are about."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from patchring.core.devices import Criticality, DeviceClass, DeviceFacts, PatchFacts


def device_facts(tenant_id: UUID, device_id: UUID, row: Mapping[str, Any]) -> DeviceFacts:
    """`row` has the columns of `device`, its name as `device_name`, its site's as `site`, and `tenant_kind`."""
    return DeviceFacts(
        device_id=device_id,
        tenant_id=tenant_id,
        site_id=row["site_id"],
        name=row["device_name"],
        device_class=DeviceClass(row["class"]),
        roles=frozenset(row["roles"]),
        criticality=Criticality(row["criticality"]),
        internet_facing=row["internet_facing"],
        redundancy_group=row["redundancy_group"],
        groups=frozenset(row["groups"]),
        internal=row["tenant_kind"] == "operator",
        sacrificial=row["sacrificial"],
        os_name=row["os_name"],
        os_version=row["os_version"],
        site=row["site"],
    )


_PATCH_COLUMNS = (
    "patch_key",
    "provider",
    "name",
    "version",
    "title",
    "source",
    "origin",
    "label",
    "suite",
    "security",
    "type",
    "classification",
    "reboot",
    "kb",
    "update_id",
    "exploited",
)


def patch_facts(row: Mapping[str, Any]) -> PatchFacts:
    """`row` has the columns of `patch` under their own names."""
    return PatchFacts(**{column: row[column] for column in _PATCH_COLUMNS}, noisy=bool(row["history"]))
