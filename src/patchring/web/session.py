"""A browser's session: who looks, without the bearer token in it, and the proof that a form came from our page.

    v1.PRINCIPAL.EXPIRES.NONCE.MAC      hexadecimal, EXPIRES in seconds since 1970

Nothing of it is stored. Every request loads the principal again, so who was revoked is out at once. The cookie is
HttpOnly and SameSite=Strict; a form carries a MAC over the session besides, and its origin is checked.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

COOKIE = "patchring_page"
LIFETIME = timedelta(hours=12)
_FORM = re.compile(r"v1\.([0-9a-f]{32})\.([0-9]{1,12})\.([0-9a-f]{32})")


@dataclass(frozen=True)
class PageSession:
    principal_id: UUID
    expires_at: datetime
    nonce: str

    def text(self) -> str:
        return f"v1.{self.principal_id.hex}.{int(self.expires_at.timestamp())}.{self.nonce}"


class PageSeal:
    """Makes and recognises sessions. Its keys are derived from one key of 32 bytes, each for its own purpose."""

    def __init__(self, key: bytes) -> None:
        assert len(key) == 32, f"a key has 32 bytes, not {len(key)}"
        self._session_key = hmac.digest(key, b"patchring page session", "sha256")
        self._form_key = hmac.digest(key, b"patchring page form", "sha256")

    def issue(self, principal_id: UUID, now: datetime) -> str:
        """A new session of this principal, as the cookie holds it."""
        text = PageSession(principal_id, now + LIFETIME, secrets.token_hex(16)).text()
        return f"{text}.{self._mac(self._session_key, text)}"

    def read(self, cookie: str, now: datetime) -> PageSession | None:
        """The session of a cookie; None when we did not make it or it is over."""
        text, _, mac = cookie.rpartition(".")
        found = _FORM.fullmatch(text)
        if found is None or not mac.isascii() or not hmac.compare_digest(self._mac(self._session_key, text), mac):
            return None
        principal_id, expires, nonce = found.groups()
        session = PageSession(UUID(hex=principal_id), datetime.fromtimestamp(int(expires), UTC), nonce)
        return session if session.expires_at > now else None

    def form_token(self, session: PageSession) -> str:
        """What every form of this session has to bring along."""
        return self._mac(self._form_key, session.text())

    def form_token_holds(self, session: PageSession, token: str) -> bool:
        return token.isascii() and hmac.compare_digest(self.form_token(session), token)

    @staticmethod
    def _mac(key: bytes, text: str) -> str:
        return hmac.digest(key, text.encode(), "sha256").hex()
