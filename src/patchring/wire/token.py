"""The enrolment token: what a technician pastes into the agent's install command.

`pr1.TOKEN_ID.SECRET.ROOT.SERVER`, where ROOT is the fingerprint of the tenant's root key and SERVER that of the
server's certificate (SHA-256 of its DER bytes), so that the very first connection is already checked. SERVER is `-`
where the agents' listener has no certificate of its own (loopback, or a proxy with a public certificate).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORM = re.compile(r"pr1\.([0-9a-f]{32})\.([A-Za-z0-9_-]{32,64})\.([0-9a-f]{64})\.([0-9a-f]{64}|-)")


class TokenMalformed(ValueError):
    """The text is not an enrolment token; it has to be pasted whole, as `patchring tokens create` printed it."""


@dataclass(frozen=True)
class EnrolmentToken:
    """`token_id` is public, `secret` is checked by the server against its hash."""

    token_id: str
    secret: str
    root: str
    server: str

    def text(self) -> str:
        return f"pr1.{self.token_id}.{self.secret}.{self.root}.{self.server}"

    @classmethod
    def parse(cls, text: str) -> EnrolmentToken:
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise TokenMalformed(
                f"expected pr1.ID.SECRET.ROOT.SERVER as `patchring tokens create` printed it, got {len(text)} characters"
            )
        return cls(*found.groups())
