"""What devices that a patch failed on have in common, and those that are well with it do not: a first guess for people.

Only words that every client has for its devices: class, system and its version. Names, sites and groups stay with the
client.
"""

from collections.abc import Sequence

from patchring.core.devices import DeviceFacts
from patchring.core.policy.condition import Condition
from patchring.core.policy.match import DEVICE_FIELDS, device_misses

FIELDS = ("os", "os_version", "class")


def in_common(failed: Sequence[DeviceFacts], well: Sequence[DeviceFacts]) -> tuple[Condition, ...]:
    """The conditions that all that failed meet and that leave out some that are well, in the order of FIELDS. Where
    nobody is well, all that they have in common; empty: nothing sets them apart."""
    shared = [each for field in FIELDS if (each := _shared(field, failed)) is not None]
    if not well:
        return tuple(shared)
    return tuple(each for each in shared if any(device_misses((each,), device) for device in well))


def _shared(field: str, devices: Sequence[DeviceFacts]) -> Condition | None:
    values = {value for device in devices for value in DEVICE_FIELDS[field](device)}
    return Condition(field, (values.pop(),)) if len(values) == 1 and "" not in values else None
