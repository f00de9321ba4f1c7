"""What is done for each kind of due row: one line for a new kind."""

from collections.abc import Mapping

from patchring.app.worker import catalogue, device, gate, patch, rollout
from patchring.app.worker.loop import Handler

HANDLERS: Mapping[str, Handler] = {
    "device": Handler(device.handle, give_up=device.set_aside),
    "patch": Handler(patch.handle),
    "rollout": Handler(rollout.handle),
    "campaign": Handler(rollout.handle_campaign),
    "gate": Handler(gate.handle),
    "finding": Handler(catalogue.handle_finding),
    "catalogue": Handler(catalogue.handle_catalogue),
}
