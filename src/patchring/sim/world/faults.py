"""What goes wrong in a world, by name, and how often each did: on the network, on devices, in the server."""

import random
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from patchring.sim.faults import FaultRates


class Fault(StrEnum):
    """Each of them has to be fired often enough to be worth its name."""

    REQUEST_LOST = "request_lost"
    ANSWER_LOST = "answer_lost"
    LATE = "late"
    REPEATED = "repeated"
    OFFLINE = "offline"
    AGENT_KILLED = "agent_killed"
    POWER_LOST = "power_lost"
    CLOCK_JUMPED = "clock_jumped"
    SUSPENDED = "suspended"
    DATABASE_AWAY = "database_away"
    CONNECTION_LOST = "connection_lost"
    CONFLICT = "conflict"
    COMMIT_LOST = "commit_lost"
    COMMIT_KEPT_UNKNOWN = "commit_kept_unknown"
    PROCESS_DIED = "process_died"


@dataclass(frozen=True)
class WorldRates:
    """Shares (0 to 1): of requests, of the agents' effects, of transactions."""

    of_requests: float = 0.03
    of_effects: float = 0.003
    of_transactions: float = 0.01


NO_FAULTS = WorldRates(0.0, 0.0, 0.0)
_ON_THE_WAY = (Fault.REQUEST_LOST, Fault.ANSWER_LOST, Fault.LATE, Fault.REPEATED)
_ON_DEVICES = (Fault.AGENT_KILLED, Fault.POWER_LOST, Fault.CLOCK_JUMPED, Fault.SUSPENDED)
_IN_TRANSACTIONS = (
    Fault.DATABASE_AWAY,
    Fault.CONNECTION_LOST,
    Fault.CONFLICT,
    Fault.COMMIT_LOST,
    Fault.COMMIT_KEPT_UNKNOWN,
    Fault.PROCESS_DIED,
)


class WorldFaults:
    """All chance of one world. `over`: from now on nothing goes wrong any more."""

    def __init__(self, rates: WorldRates, seed: int) -> None:
        self.fired: Counter[Fault] = Counter()
        self._rates = rates
        self._chance = random.Random(f"{seed}/faults")  # noqa: S311 - chance for a simulation

    def over(self) -> None:
        self._rates = NO_FAULTS

    def on_the_way(self) -> Fault | None:
        return self._one_of(_ON_THE_WAY, self._rates.of_requests)

    def goes_offline(self) -> bool:
        return self._one_of((Fault.OFFLINE,), self._rates.of_requests / 5) is not None

    def on_device(self) -> Fault | None:
        return self._one_of(_ON_DEVICES, self._rates.of_effects)

    def in_transaction(self, alone: bool) -> Fault | None:
        """`alone`: it is the transaction of one caller, who may die in it."""
        kinds = _IN_TRANSACTIONS if alone else _IN_TRANSACTIONS[:-1]
        return self._one_of(kinds, self._rates.of_transactions)

    def between(self, low: float, high: float) -> float:
        return self._chance.uniform(low, high)

    def up_to(self, count: int) -> int:
        return self._chance.randrange(count)

    def _one_of(self, kinds: tuple[Fault, ...], share: float) -> Fault | None:
        if self._chance.random() >= share:
            return None
        fault = self._chance.choice(kinds)
        self.fired[fault] += 1
        return fault


# A machine's own pace is never a fault.
NEVER = FaultRates()
