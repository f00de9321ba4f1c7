"""What people signed on their own machines, read as it is handed in: a document, a kind, an id, instants.

The server keeps nothing that the signer and the devices would refuse later; but it is their checks that count.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from patchring.app.errors import Invalid
from patchring.wire.authority import Root, authority_counts, read
from patchring.wire.codec import Refused, decode
from patchring.wire.signing import SignedDocument

LIFETIME_MAX = timedelta(days=3660)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Statement = TypeVar("Statement")


def signed_document(given: dict[str, Any], what: str) -> SignedDocument:
    """`what` is named in the refusal. Raises Invalid (statement_malformed)."""
    try:
        return decode(SignedDocument, given)
    except Refused as refused:
        detail = f"the {what} is no signed document {{payload, signatures}}: {refused}"
        raise Invalid(detail, kind="statement_malformed") from refused


def signed_statement(
    shape: type[Statement], given: dict[str, Any], kind: str, root: Root, now: datetime
) -> tuple[Statement, SignedDocument]:
    """The statement when it is of this kind and signed by enough approval keys of the root.

    Raises Invalid: statement_malformed, statement_not_signed.
    """
    document = signed_document(given, kind)
    statement = read(shape, document, kind)
    if statement is None:
        raise Invalid(f"the {kind}'s payload has not the fields of a {kind} statement", kind="statement_malformed")
    if not authority_counts(document, root, int(now.timestamp() * 1000)):
        detail = (
            f"the {kind} is not signed by {root.approval_threshold} approval keys of this tenant's root, names another "
            "tenant, or has expired; sign it with `patchring` on a machine that has the keys"
        )
        raise Invalid(detail, kind="statement_not_signed")
    return statement, document


def statement_id(text: str, what: str) -> UUID:
    """Raises Invalid (statement_malformed) for anything but a UUID in its usual spelling."""
    try:
        found = UUID(text)
    except ValueError:
        found = None
    if found is None or str(found) != text:
        raise Invalid(f"the {what} of the statement is no UUID: {text[:60]!r}", kind="statement_malformed")
    return found


def expiry(expires_at_ms: int, now: datetime) -> datetime:
    """The end of a statement. Raises Invalid (statement_too_long) when it would hold longer than ten years."""
    if expires_at_ms > (now + LIFETIME_MAX - _EPOCH) // timedelta(milliseconds=1):
        detail = f"the statement would hold for longer than {LIFETIME_MAX.days} days; sign it with an earlier end"
        raise Invalid(detail, kind="statement_too_long")
    return _EPOCH + timedelta(milliseconds=expires_at_ms)
