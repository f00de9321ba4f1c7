"""Operating errors of the agent. Each has a stable `kind` and one line that says what to do next.

AgentError
├── ConfigurationProblem   a setting or flag that cannot be used
├── NotEnrolled            there is no identity in the state folder yet
├── StateDamaged           the state folder cannot be read as what it should be
├── CommandProblem         a program of the system is missing, failed or took too long
├── ProviderProblem        the package manager says no
├── ServerUntrusted        the server is not the one that was pinned, or would be spoken to in the clear
├── ServerAway             no usable answer
└── ServerRefused          the server answered, and will not take this
"""

from __future__ import annotations


class AgentError(Exception):
    """The message is one line for people; `kind` is for programs."""

    kind = "agent_error"


class ConfigurationProblem(AgentError):
    kind = "configuration_problem"


class NotEnrolled(AgentError):
    kind = "not_enrolled"


class StateDamaged(AgentError):
    kind = "state_damaged"


class CommandProblem(AgentError):
    kind = "command_problem"


class ProviderProblem(AgentError):
    kind = "provider_problem"


class ServerUntrusted(AgentError):
    kind = "server_untrusted"


class ServerAway(AgentError):
    """`retry_after_s` is the server's word or 0; `may_have_arrived` is False when the request surely did not."""

    kind = "server_away"

    def __init__(self, detail: str, retry_after_s: int = 0, may_have_arrived: bool = True) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
        self.may_have_arrived = may_have_arrived


class ServerRefused(AgentError):
    """`status` and `problem_kind` are those of the server's problem+json."""

    kind = "server_refused"

    def __init__(self, detail: str, status: int, problem_kind: str) -> None:
        super().__init__(detail)
        self.status = status
        self.problem_kind = problem_kind
