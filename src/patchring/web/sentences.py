"""Each kind of event in a person's words, with its mark. A new kind of event gets one line here.

A sentence is given the event's data and `name`, what the event is about in words (device, patch title, ...). A kind
that is not in the table is said by its own name, so nothing is ever missing from a page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from patchring.web.texts import counted, why

Data = Mapping[str, Any]

# The name of the patch on the page of its own rollout.
THIS = "this patch"


@dataclass(frozen=True)
class Said:
    """`tone`: the mark beside it, empty for none. `aloud`: said to screen readers when it arrives on an open page.
    `detail`: so frequent that the board leaves it to the pages of rollout and device."""

    spell: Callable[[str, Data], str]
    tone: str = ""
    aloud: bool = False
    detail: bool = False


def sentence(kind: str, name: str, data: Data) -> str:
    """What happened, as one or two full sentences."""
    said = SENTENCES.get(kind)
    if said is not None:
        return _stop(said.spell(name, data))
    words = kind.replace("_", " ").capitalize()
    because = _because(data)
    return _stop(f"{words}: {name}" if name else words) + (f" {because}" if because else "")


def _because(data: Data) -> str:
    """The event's own reasons, or the words of the person who did it."""
    reasons = data.get("reasons")
    return why(reasons if isinstance(reasons, list) else [{"text": str(data.get("reason", ""))}])


def _stop(text: str) -> str:
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in (".", "!", "?") else text + "."


def _plain(pattern: str) -> Callable[[str, Data], str]:
    """A sentence from a pattern: `{name}`, and fields of the data; a field that is not there is left empty."""
    return lambda name, data: pattern.format_map(_Fields(data, name))


def _with_why(pattern: str) -> Callable[[str, Data], str]:
    plain = _plain(pattern)
    return lambda name, data: f"{_stop(plain(name, data))} {_because(data)}".strip()


class _Fields(dict[str, Any]):
    def __init__(self, data: Data, name: str) -> None:
        super().__init__(data)
        self["name"] = name or str(data.get("title") or data.get("patch_key") or data.get("name") or "it")
        self["because"] = _because(data)

    def __missing__(self, key: str) -> str:
        return ""


def _decided(name: str, data: Data) -> str:
    outcomes: dict[str, int] = {}
    for segment in data.get("segments", {}).values():
        outcomes[segment["outcome"]] = outcomes.get(segment["outcome"], 0) + 1
    words = {"auto": "goes by itself in", "expedite": "goes at once in", "review": "waits for a person in",
             "hold": "is held in", "block": "is blocked in"}  # fmt: skip
    parts = [f"{words.get(outcome, outcome)} {counted(count, 'segment')}" for outcome, count in outcomes.items()]
    return f"{name} {', '.join(parts)}" if parts else f"Decided about {name}: {_because(data)}"


def _created(name: str, data: Data) -> str:
    rings = ", ".join(f"ring {ring}: {count}" for ring, count in sorted(data.get("rings", {}).items()))
    devices = counted(int(data.get("device_count", 0)), "device")
    return f"A rollout of {name or data.get('title', 'it')} begins for {devices} ({rings})"


def _joined(name: str, data: Data) -> str:
    return f"{counted(int(data.get('device_count', 0)), 'device')} joined the rollout of {name}"


def _ring(name: str, data: Data) -> str:
    """A ring's reasons name the ring; on the rollout's own page that is enough."""
    return _because(data) if name == THIS else f"{name or data.get('patch_key', 'A ring')}: {_because(data)}"


def _offered(name: str, data: Data) -> str:
    return f"{name} was offered to {counted(int(data.get('device_count', 0)), 'device')}. {_because(data)}"


def _withdrawn(name: str, data: Data) -> str:
    offers = counted(int(data.get("device_count", 0)), "offer")
    return f"{offers} of {name} taken back before anything began. {_because(data)}"


def _taken_back(name: str, data: Data) -> str:
    devices = counted(int(data.get("offered_count", 0)) + int(data.get("settled_count", 0)), "device")
    return f"{devices} on the way back from {name}. {_because(data)}"


def _classified(name: str, data: Data) -> str:
    changed = data.get("changed", {})
    parts = [f"{field} {_word(before)} to {_word(after)}" for field, (before, after) in sorted(changed.items())]
    return f"{name}: {'; '.join(parts) or 'nothing changed'}. {_because(data)}"


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return {None: "unknown", True: "yes", False: "no"}.get(value, str(value)) if not isinstance(value, str) else value


def _parked(name: str, data: Data) -> str:
    return f"Set aside after {counted(int(data.get('attempt_count', 0)), 'attempt')}: {data.get('problem', '')}"


P, W = _plain, _with_why

SENTENCES: Mapping[str, Said] = {
    "tenant_created": Said(P("{name} became a tenant")),
    "root_added": Said(P("Root version {version} is in force")),
    "site_added": Said(P("Site {name} was added")),
    "enrolment_token_created": Said(P("An enrolment token for {site} was made, good for {uses} devices")),
    "enrolment_token_revoked": Said(P("An enrolment token was revoked")),
    "device_enrolled": Said(P("{name} was enrolled"), detail=True),
    "device_classified": Said(_classified, detail=True),
    "device_lowered": Said(_classified, "soaking", detail=True),
    "policy_applied": Said(P("Policy version {version} is in force: {title}, {automation}")),
    "shifts_imported": Said(P("The shifts of {person} changed: {added} more, {withdrawn} fewer")),
    "shift_acknowledged": Said(P("{person} said: I am there")),
    "due_date_changed": Said(P("{cve} on {device_count} devices: {change}"), aloud=True),
    "patch_exploited": Said(P("{name} settles something that is known to be exploited"), "failed", aloud=True),
    "patch_not_exploited": Said(P("What {name} settles is no longer listed as exploited"), aloud=True),
    "patch_decided": Said(_decided, detail=True),
    "patch_approved": Said(W("{name} was approved"), "verified", aloud=True),
    "patch_rejected": Said(W("{name} was rejected"), "aside", aloud=True),
    "hold_placed": Said(W("{name} is held"), "aside", aloud=True),
    "test_recorded": Said(P("{name} was tried for {segment}: {how}")),
    "test_waiver_asked": Said(
        W("{name} is to go to {segment} without its tests until {until}, if another confirms it")
    ),
    "test_waiver_confirmed": Said(
        W("{name} goes to {segment} without its tests until {until}, as two persons say"), "aside", aloud=True
    ),
    "scan_imported": Said(P("A report of {scanner} on {host_count} hosts was taken: {added} new, {ended} over")),
    "patch_noisy": Said(W("Earlier releases of {name} made trouble"), "soaking"),
    "patch_quiet": Said(P("Earlier releases of {name} are no longer a reason to wait")),
    "gate_held": Said(W("The gate holds a part of the fleet ({words}) for {name}"), "aside", aloud=True),
    "gate_slowed": Said(W("A part of the fleet ({words}) goes one by one for {name}"), "soaking"),
    "gate_cleared": Said(W("A part of the fleet ({words}) goes on for {name}")),
    "gate_released": Said(W("A part of the fleet ({facet}) was released for {name}")),
    "known_issue_proposed": Said(W("Patchring proposes a known issue: {issue}"), "soaking"),
    "known_issue_placed": Said(W("A known issue keeps a patch back: {issue}"), "soaking", aloud=True),
    "known_issue_changed": Said(W("A known issue says something else now: {issue}")),
    "known_issue_released": Said(W("A known issue was released: {issue}")),
    "known_issue_waived": Said(W("A known issue was set aside here: {issue}"), "soaking"),
    "known_issue_heeded": Said(W("A known issue counts here again: {issue}")),
    "proposal_taken": Said(W("The MSP proposed to {kind} {name}, and the policy took it")),
    "proposal_opened": Said(W("The MSP proposes to {kind} {name}; a person answers"), "soaking", aloud=True),
    "proposal_refused": Said(W("The MSP proposed to {kind} {name}, and the policy refused")),
    "proposal_accepted": Said(W("The proposal to {kind} {name} was accepted")),
    "proposal_declined": Said(W("The proposal to {kind} {name} was declined")),
    "proposal_withdrawn": Said(W("The MSP withdrew its proposal to {kind} {name}")),
    "approval_withdrawn": Said(W("A decision on {name} was withdrawn")),
    "principal_created": Said(P("{name} may use this installation")),
    "principal_revoked": Said(P("A principal was revoked")),
    "hold_released": Said(W("A hold was released"), "verified"),
    "rollout_created": Said(_created, "offered", aloud=True),
    "devices_joined_rollout": Said(_joined, "offered"),
    "rollout_started": Said(W("The rollout of {name} runs"), "installing", detail=True),
    "rollout_halted": Said(W("The rollout of {name} was halted"), "failed", aloud=True),
    "rollout_resumed": Said(W("The rollout of {name} goes on"), "installing", aloud=True),
    "rollout_abandoned": Said(W("The rollout of {name} was abandoned"), "aside", aloud=True),
    "rollback_requested": Said(W("The way back from {name} was asked for"), "rolled", aloud=True),
    "rollback_started": Said(W("{name} is being taken back"), "rolled", detail=True),
    "devices_taken_back": Said(_taken_back, "rolled"),
    "rollout_rolled_back": Said(W("{name} was taken back"), "rolled", aloud=True),
    "rollout_completed": Said(W("The rollout of {name} is complete"), "verified", aloud=True),
    "ring_opened": Said(_ring, "installing"),
    "ring_soak_started": Said(_ring, "soaking", detail=True),
    "ring_passed": Said(_ring, "verified", aloud=True),
    "ring_halted": Said(_ring, "failed", detail=True),
    "patch_offered": Said(_offered, "offered", detail=True),
    "offers_withdrawn": Said(_withdrawn, "aside"),
    "stop_placed": Said(W("Stopped: {name}"), "failed", aloud=True),
    "stop_lifted": Said(W("No longer stopped: {name}"), "installing", aloud=True),
    "permit_granted": Said(P("{name} has a permit to {action}"), detail=True),
    "action_started": Said(P("{name} began to {action}"), "installing", detail=True),
    "action_done": Said(P("{name} has done it: {action}"), "installing", detail=True),
    "action_failed": Said(P("{name} failed to {action}: {detail}"), "failed"),
    "action_not_started": Said(P("{name} did not begin to {action}: {detail}"), "waiting", detail=True),
    "offer_refused": Said(P("{name} refused the offer: {detail}"), "aside"),
    "device_rebooting": Said(P("{name} restarts"), "installing", detail=True),
    "reboot_offered": Said(W("{name} is to restart"), "offered", detail=True),
    "patch_verified": Said(W("{name} has {title}, verified"), "verified", detail=True),
    "patch_failed": Said(W("{name}: {title} failed"), "failed", aloud=True),
    "patch_rolled_back": Said(W("{name} is back on the version before {title}"), "rolled"),
    "rollback_failed": Said(W("{name} could not be taken back from {title}"), "failed", aloud=True),
    "report_set_aside": Said(P("A report of {name} was set aside: {problem}"), "failed"),
    "work_parked": Said(_parked, "failed", aloud=True),
}

# What the board leaves out.
DETAILS = sorted(kind for kind, said in SENTENCES.items() if said.detail)
