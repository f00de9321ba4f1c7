"""What a device's signature has to satisfy before its words count."""

from datetime import datetime, timedelta
from typing import Any

from patchring.app.errors import NotSignedIn
from patchring.wire.signing import signature_holds

SKEW_MAX = timedelta(hours=24)


def unsigned(value: dict[str, Any]) -> dict[str, Any]:
    """What a signature is made over: every field of the message as it came, but the signature itself."""
    return {name: entry for name, entry in value.items() if name != "signature"}


def require_signature(public_key: str, kind: str, value: dict[str, Any]) -> None:
    """Raises NotSignedIn (signature_wrong) unless the message as it came was signed by the key."""
    if not signature_holds(public_key, kind, unsigned(value), str(value.get("signature", ""))):
        raise NotSignedIn(
            f"The signature over the {kind} message is not that of the device's key. Sign all other fields, as sent.",
            kind="signature_wrong",
        )


def require_recent(made_at_ms: int, now: datetime) -> None:
    """Raises NotSignedIn (clock_skew) for a request made more than 24 hours from now, with the server's time in it."""
    server_at_ms = int(now.timestamp() * 1000)
    skew_s = (made_at_ms - server_at_ms) // 1000
    if abs(skew_s) > SKEW_MAX.total_seconds():
        raise NotSignedIn(
            f"The request was made {abs(skew_s)} s {'after' if skew_s > 0 else 'before'} the server's time; at most "
            f"{int(SKEW_MAX.total_seconds())} s are taken. Set the device's clock, or use server_at_ms.",
            kind="clock_skew",
            server_at_ms=server_at_ms,
        )
