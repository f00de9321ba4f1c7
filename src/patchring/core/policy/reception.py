"""How a tenant receives what its MSP proposes to many tenants at once."""

from dataclasses import dataclass
from enum import StrEnum


class ProposalKind(StrEnum):
    """What is proposed about a patch."""

    HOLD = "hold"
    EXPEDITE = "expedite"
    APPROVE = "approve"


class Reception(StrEnum):
    """It is done at once; a person of the tenant answers it; nothing comes of it."""

    TAKE = "take"
    REVIEW = "review"
    REFUSE = "refuse"


@dataclass(frozen=True)
class ProposalRules:
    """One for each kind. `expedite` and `approve` are never TAKE: policyfile refuses that (why: `proposals`)."""

    hold: Reception = Reception.TAKE
    expedite: Reception = Reception.REVIEW
    approve: Reception = Reception.REVIEW

    def of(self, kind: ProposalKind) -> Reception:
        if kind is ProposalKind.HOLD:
            return self.hold
        return self.expedite if kind is ProposalKind.EXPEDITE else self.approve
