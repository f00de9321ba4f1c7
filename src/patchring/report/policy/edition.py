"""What a printed policy is made from, and the words that need all of it: who set a value, who a person is."""

from dataclasses import dataclass
from datetime import UTC, date, tzinfo

from patchring.core.policy.model import Policy, SegmentRule
from patchring.core.policy.people import Duty
from patchring.report.words import listed, name

DUTIES = {
    Duty.FIRST_LINE: "First line (whom you call)",
    Duty.PATCH_ADMINISTRATOR: "Patch administrator (decides on updates)",
    Duty.SERVICE_DESK_LEAD: "Service desk lead",
    Duty.VCIO: "vCIO (your adviser with us)",
    Duty.CLIENT_CONTACT: "Your own contact",
}
WIDEST = ("", "policy", "baseline")


@dataclass(frozen=True)
class Edition:
    """One printing. `version` None: a draft that is not in force. `in_force_on` None: the same. `dates_from` is the
    day from which the next dates are counted, in `zone`; the same values print the same bytes."""

    policy: Policy
    client: str
    dates_from: date
    version: int | None = None
    in_force_on: date | None = None
    provider: str = ""
    zone: tzinfo = UTC

    @property
    def has_baseline(self) -> bool:
        """Whether there is anything to differ from."""
        return "baseline" in self.policy.layers

    def changed(self, *paths: str) -> str:
        """Who set a value, or a part of it, where it is not the baseline's; empty: the baseline says it."""
        if not self.has_baseline:
            return ""
        found = {
            source.layer
            for path, source in self.policy.sources.items()
            if any(path == wanted or path.startswith(f"{wanted}.") for wanted in paths)
        }
        found |= {layer for wanted in paths for layer in self.policy.layers if wanted.partition(" @ ")[2] == layer}
        return self.set_for(*found)

    def row_changed(self, table: str, row_name: str, layer: str) -> str:
        """The same of a row of a table, which says itself which layer it is of."""
        if not self.has_baseline:
            return ""
        return self.changed(f"{table}.{row_name}") or self.set_for(layer)

    def set_for(self, *layers: str) -> str:
        """`you`, `the site Leipzig`: for whom some layers speak; empty for the baseline alone."""
        inner = [layer for layer in self.policy.layers if layer in layers and layer not in WIDEST]
        inner += sorted(set(layers) - set(WIDEST) - set(inner))
        return listed("you" if layer == "tenant" else f"the {layer}" for layer in inner)

    def person(self, key: str) -> str:
        """The name of a person by key or of who has a duty; a key that names nobody stays as it is."""
        person = self.policy.people.people.get(key)
        if person is not None:
            return person.name
        step = next((each for each in self.policy.people.escalation if each.duty.value == key), None)
        if step is not None and step.person != key:
            return self.person(step.person)
        return key.replace("_", " ")

    def holder(self, duty: Duty) -> str:
        """Who has a duty; empty: nobody was named."""
        step = next((each for each in self.policy.people.escalation if each.duty is duty), None)
        return self.person(step.person) if step else ""

    def owner(self, duty: str) -> str:
        """`the patch administrator, Dana Winter`."""
        found = Duty(duty or Duty.PATCH_ADMINISTRATOR.value)
        spoken = "your own contact" if found is Duty.CLIENT_CONTACT else f"the {found.value.replace('_', ' ')}"
        spoken = spoken.replace("vcio", "vCIO")
        holder = self.holder(found)
        return f"{spoken} ({holder})" if holder else spoken


def groups_of_ring(policy: Policy, ring: int) -> list[SegmentRule]:
    return [rule for rule in policy.segments if rule.ring == ring]


def group_names(policy: Policy, names: tuple[str, ...], otherwise: str = "all groups") -> str:
    """The groups that a row is for; none named: all of them."""
    return listed(name(each) for each in names) if names else otherwise
