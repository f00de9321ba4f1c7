"""Operating errors of the use cases. Each has a stable `kind` and one line that says what to do next.

AppError
├── Malformed         400  what was handed over could not be read at all
├── NotFound          404  there is no such thing in the tenants you were given
├── Invalid           422  what was handed over is not what is expected
├── Conflict          409  the thing is in a state that does not allow this
├── Stale             412  somebody changed it since you read it
├── NotAllowed        403  your role does not have this permission
├── NotSignedIn       401  no valid token, session or signature came with the request
├── TooLarge          413  more bytes than this takes
├── TooMany           429  too many of these in too short a time
├── Unavailable       503  something this needs is away for the moment; nothing was changed
└── OutcomeUnknown    504  it was begun, and no answer came: it was done or not
"""

from collections.abc import Mapping
from typing import Any


class AppError(Exception):
    """`kind` is stable and for programs, `detail` is one line for people, `fields` are typed values beside it."""

    kind: str = "app_error"
    status: int = 500
    title: str = "The request failed"

    def __init__(self, detail: str, *, kind: str | None = None, **fields: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.kind = kind or type(self).kind
        self.fields: Mapping[str, Any] = fields


class Malformed(AppError):
    kind, status, title = "malformed", 400, "This could not be read"


class NotFound(AppError):
    kind, status, title = "not_found", 404, "There is no such thing"


class Invalid(AppError):
    kind, status, title = "invalid", 422, "This is not what is expected"


class Conflict(AppError):
    kind, status, title = "conflict", 409, "Its state does not allow this"


class Stale(AppError):
    kind, status, title = "stale", 412, "Somebody changed it since you read it"


class NotAllowed(AppError):
    kind, status, title = "not_allowed", 403, "Your role does not have this permission"


class NotSignedIn(AppError):
    kind, status, title = "not_signed_in", 401, "Who is asking could not be established"


class TooLarge(AppError):
    kind, status, title = "too_large", 413, "This is larger than what is taken"


class TooMany(AppError):
    kind, status, title = "too_many", 429, "Too many of these in too short a time"


class Unavailable(AppError):
    kind, status, title = "unavailable", 503, "Something this needs is away for the moment"


class OutcomeUnknown(AppError):
    kind, status, title = "outcome_unknown", 504, "Whether this was done is not known"
