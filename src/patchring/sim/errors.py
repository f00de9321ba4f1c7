"""Operating errors of the simulator.

SimError
└── ServerNotTrusted   another certificate than the token names
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
