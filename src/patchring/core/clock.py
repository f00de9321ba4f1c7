"""The one door through which time enters.

Core itself never calls it: rules take the instant as an argument. Whoever composes hands a `Clock` to the use
cases, which read it once per decision.
"""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...
