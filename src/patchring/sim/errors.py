"""Operating errors of the simulator.

SimError
├── ServerNotTrusted   another certificate than the token names
└── WrongScenario      a file of scenarios that cannot be run
"""


class SimError(Exception):
    """`kind` is stable; the text is one line that says what to do next."""

    kind = "sim_error"


class ServerNotTrusted(SimError):
    """The server at {address} shows another certificate than the enrolment token names."""

    kind = "server_not_trusted"

    def __init__(self, address: str, expected: str, found: str) -> None:
        super().__init__(
            f"The server at {address} shows the certificate {found[:16]}…, the token names {expected[:16]}…. "
            "Make a new token on the server that you mean."
        )


class WrongScenario(SimError):
    """What was expected of a scenario, what came, and where it is explained."""

    kind = "wrong_scenario"
