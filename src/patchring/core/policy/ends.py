"""What would have to change: for each reason that keeps a patch from a device, one sentence that says what ends it."""

from collections.abc import Mapping

from patchring.core.reason import Reason

_BY_CODE: Mapping[str, str] = {
    "policy_missing": "apply a policy that is signed by the tenant's keys",
    "policy_unread": "apply a policy that is signed by the tenant's keys",
    "policy_unreadable": "apply a policy that can be read",
    "segment_missing": "add a segment to the policy that takes this device",
    "observes_only": "let Patchring install on this device: it was enrolled to observe",
    "observes": "raise the level of automation above observe",
    "level": "a person approves the patch, or the policy lets this segment go by itself",
    "stopped": "somebody who may resume lifts the stop",
    "hold_person": "whoever may release holds releases this one",
    "hold_incident": "find out what failed, then release the hold of the incident",
    "hold_msp": "the MSP withdraws what it proposed, or whoever may release holds releases this one",
    "hold_feed": "wait until the feed takes its hold back, or release it",
    "no_rule": "a person approves the patch, or a rule of the policy says what to do with it",
    "approval_missing": "those who are asked approve the patch",
    "rejected": "a person approves what was rejected, and the rollout is started again",
    "kept_back": "take back the hold of the package manager on the device",
    "older_release_open": "wait until the older release is through, or abandon its rollout",
    "only_recommended": "a person starts a rollout of the patch",
    "abandoned_before": "a person starts the next rollout of the patch",
    "rollout_open": "wait until the rollout takes the device up",
    "no_rollout": "start a rollout of the patch, or wait until the policy prepares one",
    "exception_in_force": "wait until the exception lapses, or take it out of the policy",
    "deferral_in_force": "wait until the deferral lapses, or take it out of the policy",
    "known_issue": "what the known issue waits for comes, or somebody releases it or sets it aside for this tenant",
    "prerequisite_first": "wait until what goes first is installed",
    "prerequisite_missing": "bring what it needs to the device, or change the relation in the policy",
    "prerequisite_blocked": "resolve what blocks what it needs",
    "prerequisite_circle": "break the circle: change a relation in the policy",
    "conflict_installed": "update or remove what it conflicts with, or change the relation in the policy",
    "soaking": "wait until the soak ends",
    "verified_missing": "wait until more devices of the ring are verified",
    "verified_out_of_reach": "roll back, or ask for fewer verified devices in the policy",
    "device_hours_missing": "wait: only time on devices that are well brings device-hours",
    "ring_0_missing": "a person approves that client devices go first",
    "ring_halted": "find out what failed, then resume the rollout or roll it back",
    "first_device_failed": "find out what failed, then resume the rollout or roll it back",
    "failures_over_limit": "find out what failed, then resume the rollout or roll it back",
    "failed_elsewhere": "wait until the patch is well elsewhere, or a newer version comes",
    "counts_unreadable": "tell whoever runs this installation: the counts of the ring do not add up",
    "limit_reached": "wait until an installation under way ends, or raise the limit in the policy",
    "permit_live": "wait until what the device is doing ends",
    "blackout": "wait until the blackout ends, or name it in a row of the urgency table",
    "window_closed": "wait until the window opens",
    "nobody_on_call": "put a shift in for somebody who is on call then",
    "on_call_silent": "whoever is on call says that he is there",
    "nobody_on_shift": "put a shift in for somebody who is at work then",
    "shift_too_short": "wait for a longer shift, or put one in",
    "window_too_short": "wait for the next window, or expect a shorter duration in the policy",
    "way_back_missing": "bring a version to return to, or let the remedy do without one",
    "plan_removes": "resolve the removal on the device by hand",
    "device_offered": "wait until the device comes for its offer",
    "device_failed": "find out why it failed, then resume the rollout or try it again",
    "device_rollback_failed": "repair the device by hand: the way back failed",
    "device_reboot_pending": "wait for the restart of the device, in its window",
    "silent": "bring the device back into contact",
}

_OF_RULES: Mapping[str, str] = {
    "review": "those who are asked approve the patch",
    "hold": "change the rule that holds it, or write one of a nearer layer",
    "block": "change the rule that blocks it, or write one of a nearer layer",
}


def what_ends(why: Reason) -> str:
    """Empty where nothing has to change, or where the sentence of the reason says it itself."""
    if why.code == "rule_matched":
        return _OF_RULES.get(why.numbers.get("outcome", ""), "")
    text = _BY_CODE.get(why.code, "")
    until = next((why.numbers[name] for name in ("until", "due", "opens") if name in why.numbers), "")
    return f"{text} ({until})" if text and until else text
