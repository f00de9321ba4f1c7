"""From the bytes of a request to typed messages; what cannot be read says why."""

from typing import Any

from patchring.api.agent.structs import Shape, Unreadable, decode_any, has_zero_character
from patchring.app.errors import Invalid, Malformed, NotSignedIn
from patchring.app.reports import Received, Refusal
from patchring.app.sessions import Session, SessionSeal
from patchring.wire.messages import (
    REPORTS_A_REQUEST_MAX,
    CheckIn,
    PermitRequest,
    Progress,
    Report,
    Scan,
)

_BEARER = b"Bearer "
_ZERO_ESCAPED = b"\\u0000"
_REPORT_ID_CHARACTERS_MAX = 64
_UNSIGNED = "The message has no signature. Sign all other fields, as sent, with the device's key."

_check_in = Shape(CheckIn)
_report = Shape(Report)
_permit_request = Shape(PermitRequest)
_bodies: dict[str, Shape[Any]] = {"scan": Shape(Scan), "progress": Shape(Progress)}


def read_session(headers: list[tuple[bytes, bytes]], seal: SessionSeal, now_s: float) -> Session:
    """The session in the Authorization header. Raises NotSignedIn."""
    for name, value in headers:
        if name == b"authorization" and value.startswith(_BEARER):
            return seal.read(value[len(_BEARER) :].decode("latin-1"), now_s)
    raise NotSignedIn(
        "Expected a session in the header `Authorization: Bearer SESSION`, and none came.", kind="session_missing"
    )


def read_value(raw: bytes) -> dict[str, Any]:
    """The JSON object, exactly as it came. Raises Malformed, Invalid."""
    value = _read_object(raw)
    if _ZERO_ESCAPED in raw and has_zero_character(value):
        raise _zero_character()
    return value


def read_signed(raw: bytes) -> dict[str, Any]:
    """The JSON object with a signature in it, whether it holds or not. Raises Malformed, Invalid, NotSignedIn."""
    value = read_value(raw)
    if not _is_signed(value):
        raise NotSignedIn(_UNSIGNED, kind="signature_missing")
    return value


def read_check_in(raw: bytes) -> CheckIn:
    """The fast way: a heartbeat carries no signature, so its exact JSON value is not needed."""
    if _ZERO_ESCAPED in raw:
        read_value(raw)
    try:
        return _check_in.decode(raw)
    except Unreadable:
        read_value(raw)  # is it JSON at all?
        raise


def read_permit_request(value: dict[str, Any]) -> PermitRequest:
    """Every field has to be there: the signer makes the signed bytes anew from the typed message."""
    request = _permit_request.convert(value)
    missing = _missing_fields(request, value)
    if missing:
        detail = f"A permit request names every field; {', '.join(missing)} did not come."
        raise Invalid(detail, kind="message_invalid")
    return request


def read_reports(raw: bytes) -> list[Received]:
    """The reports of a request, each with the reason why it cannot be taken where that is so.

    Raises Malformed and Invalid only when it cannot be said which report is meant.
    """
    value = _read_object(raw)
    reports = value.get("reports")
    if set(value) != {"reports"} or not isinstance(reports, list) or len(reports) > REPORTS_A_REQUEST_MAX:
        detail = f"Expected one field `reports` with a list of at most {REPORTS_A_REQUEST_MAX}."
        raise Invalid(detail, kind="message_invalid")
    return [_read_report(entry, number, _ZERO_ESCAPED in raw) for number, entry in enumerate(reports)]


def _read_object(raw: bytes) -> dict[str, Any]:
    try:
        value = decode_any(raw)
    except Unreadable as error:
        raise Malformed(f"{error}.", kind="message_malformed") from error
    if not isinstance(value, dict):
        raise Invalid(f"Expected a JSON object, got {type(value).__name__}.", kind="message_invalid")
    return value


def _is_signed(value: dict[str, Any]) -> bool:
    signature = value.get("signature")
    return isinstance(signature, str) and signature != ""


def _read_report(value: Any, number: int, look_for_zeros: bool) -> Received:
    report_id = value.get("report_id") if isinstance(value, dict) else None
    if not isinstance(report_id, str) or not 0 < len(report_id) <= _REPORT_ID_CHARACTERS_MAX:
        raise Invalid(f"reports[{number}]: expected an object with a report_id.", kind="message_invalid")
    if not _is_signed(value):
        return Received(report_id, value, None, Refusal("signature_missing", _UNSIGNED))
    try:
        if look_for_zeros and has_zero_character(value):
            raise _zero_character()
        report = _report.convert(value)
        _bodies[report.kind].convert(report.body)
    except Unreadable as error:
        return Received(report_id, value, None, Refusal("message_invalid", str(error)))
    except Invalid as error:
        return Received(report_id, value, None, Refusal(error.kind, error.detail))
    return Received(report_id, value, report)


def _missing_fields(message: Any, value: Any) -> list[str]:
    """The names of fields that the message has by default and the sender left out, nested ones included."""
    if isinstance(value, list):
        return [name for part, entry in zip(message, value, strict=True) for name in _missing_fields(part, entry)]
    if not isinstance(value, dict) or not hasattr(message, "__dataclass_fields__"):
        return []
    names = list(message.__dataclass_fields__)
    nested = [
        found for name in names if name in value for found in _missing_fields(getattr(message, name), value[name])
    ]
    return [name for name in names if name not in value] + nested


def _zero_character() -> Invalid:
    return Invalid("A text holds the character U+0000, which cannot be kept. Leave it out.", kind="message_invalid")
