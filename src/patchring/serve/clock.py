"""The real clock."""

from datetime import UTC, datetime


class SystemClock:
    """Reads the machine's clock. The only place of the product that does."""

    def now(self) -> datetime:
        return datetime.now(UTC)
