"""What can go wrong in a proof, besides the lab's own errors: always one that names what was expected and what came."""

from __future__ import annotations

from collections.abc import Sequence

from lab.errors import LabError


class ProofFailed(LabError):
    """Patchring did not do what it promises, or not in time."""

    kind = "proof_failed"

    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"expected: {expected}\nfound:    {found}")


class CommandRefused(LabError):
    """A command of `patchring` was refused; sometimes that is what the proof wants."""

    kind = "command_refused"

    def __init__(self, words: Sequence[str], reason: str) -> None:
        self.reason = reason
        super().__init__(f"`patchring {' '.join(words)}` was refused: {reason}")


def require(holds: bool, expected: str, found: object) -> None:
    """Raises ProofFailed unless it holds."""
    if not holds:
        raise ProofFailed(expected, str(found))
