"""Questions about the past: what was known at an instant."""

from datetime import datetime

from patchring.app.errors import Invalid


def require_past(as_of: datetime | None, now: datetime) -> None:
    """None is now. Raises Invalid (instant_ahead): what will be known then, nobody knows."""
    if as_of is not None and as_of > now:
        detail = f"expected an instant until now ({now:%Y-%m-%dT%H:%M:%SZ}), got {as_of.isoformat()}"
        raise Invalid(detail, kind="instant_ahead")
