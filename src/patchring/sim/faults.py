"""What goes wrong on the way: requests that never arrive, answers that get lost, agents that are killed. Seeded."""

import random
from dataclasses import dataclass

NONE, REQUEST_LOST, ANSWER_LOST = "none", "request_lost", "answer_lost"


@dataclass(frozen=True)
class FaultRates:
    """Shares (0 to 1) of all requests and of all effects."""

    request_lost: float = 0.0
    answer_lost: float = 0.0
    agent_killed: float = 0.0


class Faults:
    """The faults of one device: the same seed and name give the same ones in the same order."""

    def __init__(self, rates: FaultRates, seed: int, name: str) -> None:
        self._rates = rates
        self._network = random.Random(f"{seed}/{name}/network")  # noqa: S311 - chance for a simulation
        self._power = random.Random(f"{seed}/{name}/power")  # noqa: S311
        self._pace = random.Random(f"{seed}/{name}/pace")  # noqa: S311

    def of_request(self) -> str:
        drawn = self._network.random()
        if drawn < self._rates.request_lost:
            return REQUEST_LOST
        return ANSWER_LOST if drawn < self._rates.request_lost + self._rates.answer_lost else NONE

    def kills_agent(self) -> bool:
        return self._power.random() < self._rates.agent_killed

    def stands_still_s(self) -> float:
        """For how long the device is suspended before its agent's next effect, in seconds."""
        return 0.0

    def duration(self, usual: float) -> float:
        """A duration around the usual one: from two thirds of it to a third more."""
        return usual * (0.67 + 0.66 * self._pace.random())
