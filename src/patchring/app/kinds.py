"""Kinds of devices: those of one kind are the same to all that decides about a patch, so rules are asked once."""

import json
from typing import Any
from uuid import UUID

from patchring.app.decisions import Assessment
from patchring.core.devices import Criticality, DeviceClass, DeviceFacts
from patchring.core.ids import TenantId
from patchring.core.policy.exceptions import about, exception_for
from patchring.core.policy.known_issues import safeguards

_NOBODY = UUID(int=0)


def fields_of(assessment: Assessment) -> list[str]:
    """Those that rows of segments look at, and exceptions and known issues that name the patch."""
    rows = [rule.when for rule in assessment.policy.segments]
    rows += [each.devices for each in about(assessment.policy, assessment.patch)]
    rows += [each.devices for each in assessment.issues]
    return sorted({condition.field for row in rows for condition in row})


def facts_of_kind(kind: str, tenant_id: TenantId, internal: bool) -> DeviceFacts:
    """What the store's `kind_of` says; facts that the policy does not look at are left at their defaults."""
    values: list[Any] = json.loads(kind)
    class_, roles, criticality, exposed, redundancy_group, groups, name, os_name, os_version, site, sacrificial = values
    return DeviceFacts(
        device_id=_NOBODY,
        tenant_id=tenant_id,
        site_id=_NOBODY,
        name=name or "",
        device_class=DeviceClass(class_ or DeviceClass.WORKSTATION),
        roles=frozenset(roles or ()),
        criticality=Criticality(criticality or Criticality.STANDARD),
        internet_facing=exposed,
        redundancy_group=redundancy_group,
        groups=frozenset(groups or ()),
        internal=internal,
        sacrificial=sacrificial,
        os_name=os_name or "",
        os_version=os_version or "",
        site=site or "",
    )


def kept_back(assessment: Assessment, device: DeviceFacts) -> bool:
    """Whether an exception in force or a known issue keeps the patch from the device."""
    if exception_for(assessment.policy, assessment.patch, device, assessment.now) is not None:
        return True
    return bool(safeguards(assessment.issues, assessment.patch, device, assessment.now))
