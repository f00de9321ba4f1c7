"""Which devices a remedy takes back. The remedy is that of the device's segment; a patch is taken back by rollout.

- A device that failed is taken back by every remedy, and so is one that has installed the patch but not restarted yet:
  a halted patch does not get its reboot.
- A remedy of scope `installed` takes back the others that have the patch too.
- A device that was offered the patch, or began and is not done, is not touched: it settles first.
- A way back that failed is not tried again by itself.
"""

from patchring.core.policy.handling import RemedyScope
from patchring.core.policy.model import Policy
from patchring.core.rollout.states import DeviceState

_TAKEN_BACK = {
    RemedyScope.FAILED: frozenset({DeviceState.FAILED, DeviceState.REBOOT_PENDING}),
    RemedyScope.INSTALLED: frozenset(
        {DeviceState.FAILED, DeviceState.REBOOT_PENDING, DeviceState.INSTALLED, DeviceState.VERIFIED}
    ),
}


def take_back_states(scope: RemedyScope) -> frozenset[DeviceState]:
    """The states in which a device of this scope is offered the way back."""
    return _TAKEN_BACK[scope]


def segment_scope(policy: Policy, segment: str) -> RemedyScope:
    """The scope of a segment's remedy; for a segment that the policy no longer has, the widest it names."""
    rule = policy.segment(segment)
    return policy.remedies[rule.remedy].scope if rule else widest_scope(policy)


def widest_scope(policy: Policy) -> RemedyScope:
    scopes = {remedy.scope for remedy in policy.remedies.values()}
    return RemedyScope.INSTALLED if RemedyScope.INSTALLED in scopes else RemedyScope.FAILED
