"""The enrolment token: what a technician pastes into the agent's install command.

`pr1.TENANT.TOKEN.SECRET.ROOT.SERVER`: the ids of tenant and token (32 hexadecimal digits each), the secret, the
fingerprint of the tenant's root key and that of the server's certificate (SHA-256 of its DER bytes), so that the very
first connection is already checked. SERVER is `-` where the agents' listener has no certificate of its own (loopback,
or a proxy with a public certificate).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORM = re.compile(r"pr1\.([0-9a-f]{32})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{32,64})\.([0-9a-f]{64})\.([0-9a-f]{64}|-)")


class TokenMalformed(ValueError):
    """The text is not an enrolment token; it has to be pasted whole, as `patchring tokens create` printed it."""


@dataclass(frozen=True)
class EnrolmentToken:
    """Everything but `secret` is public; the server keeps only the secret's hash."""

    tenant_id: str
    token_id: str
    secret: str
    root: str
    server: str

    def text(self) -> str:
        return f"pr1.{self.tenant_id}.{self.token_id}.{self.secret}.{self.root}.{self.server}"

    @classmethod
    def parse(cls, text: str) -> EnrolmentToken:
        """Raises TokenMalformed."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            expected = "pr1.TENANT.TOKEN.SECRET.ROOT.SERVER as `patchring tokens create` printed it"
            raise TokenMalformed(f"expected {expected}, got {len(text)} characters of another form")
        return cls(*found.groups())
