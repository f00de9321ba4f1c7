"""Operating errors of the simulator.

SimError
├── ServerNotTrusted   another certificate than the token names
├── SetUpRefused       the server refused a step of the demo's preparation
└── StoryDiffers       the demo did not come out as it was told it would
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


class SetUpRefused(SimError):
    """The server refused a step of the preparation; its own words say why."""

    kind = "set_up_refused"

    def __init__(self, step: str, status: int, detail: str) -> None:
        super().__init__(f"{step}: the server answered {status}: {detail}")


class StoryDiffers(SimError):
    """A step of the story was not reached in time."""

    kind = "story_differs"

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"Expected {expected}; found {found}.")
