"""Makes docs/wire-vectors.json: `python -m tests.wire.vectors > docs/wire-vectors.json`.

The file is for implementations in other languages; test_vectors.py holds ours to it: it changes only on purpose.
"""

from __future__ import annotations

import json
from typing import Any

from patchring.wire.authority import plan_digest
from patchring.wire.canonical import canonical, digest, signed_bytes
from patchring.wire.codec import encode
from patchring.wire.messages import Change, Facts, PermitRequest, Plan
from patchring.wire.signing import SigningKey, fingerprint
from patchring.wire.token import EnrolmentToken
from tests.agent.authority import DEVICE, TENANT, Authority

CANONICAL: list[tuple[str, Any]] = [
    ("empty object", {}),
    ("keys in order of code points, not of UTF-16", {"b": 1, "a": 2, "\uffff": 3, "\U0001f600": 4, "B": 5, "": 6}),
    ("no white space, nested", {"list": [1, [2, {"x": None}], True, False], "text": " a b "}),
    ("escapes", '"\\/\b\f\n\r\t\u0000\u001f\u007f\u2028'),
    ("letters beyond ASCII stay as they are", "Zürich 東京 \U0001f600"),
    ("composed and decomposed letters differ", ["é", "e\u0301"]),
    ("largest and smallest integer", [9007199254740991, -9007199254740991, 0]),
]

REFUSED_JSON: list[tuple[str, str]] = [
    ("a float", "[1.0]"),
    ("a float with an exponent", "[1e3]"),
    ("an integer out of range", "[9007199254740992]"),
    ("a lone surrogate", '["\\ud800"]'),
    ("a lone surrogate in a key", '{"\\udfff": 1}'),
    ("not a number", "[NaN]"),
    ("nested too deep", "[" * 34 + "]" * 34),
]


def plan() -> Plan:
    app = Change("app", "amd64", "1.0", "1.1~deb12u1", "Lab", "Lab-Security", "lab-security", "ab" * 32)
    back = Change("app", "amd64", "1.1~deb12u1", "1.0", "kept", "", "", "cd" * 32)
    return Plan("apt", [app], [back], 1_048_576)


def request() -> PermitRequest:
    """Unsigned: `signature` is empty."""
    action = "0198f000-0000-7000-8000-00000000ac01"
    nonce = "00112233445566778899aabbccddeeff"
    return PermitRequest(TENANT, DEVICE, action, "install", nonce, 1, 1_760_000_000_000, "boot-1", plan(), "")


def facts() -> Facts:
    return Facts("web1", "debian", "12", "6.1.0-40-amd64", "x86_64", "boot-1", 1_759_999_000_000, "0.1.0")


def vectors() -> dict[str, Any]:
    key = SigningKey.from_seed(bytes(range(32)))
    return {
        "canonical": [
            {"name": name, "value": value, "bytes": canonical(value).decode(), "digest": digest(value)}
            for name, value in CANONICAL
        ],
        "refused": [{"name": name, "json": text} for name, text in REFUSED_JSON],
        "key": {"seed": key.seed().hex(), "public": key.public, "fingerprint": fingerprint(key.public)},
        "signatures": [_signature(key, kind, value) for kind, value in _signed().items()],
        "plan": {"value": encode(plan()), "digest": plan_digest(plan())},
        "token": _token(),
        "permit": _permit(),
    }


def _signed() -> dict[str, Any]:
    """Messages without their signature, by the kind they are signed as."""
    permit_request = {k: v for k, v in encode(request()).items() if k != "signature"}
    session = {"tenant_id": TENANT, "device_id": DEVICE, "nonce": "ff" * 16, "made_at_ms": 1_760_000_000_000}
    report = {
        "tenant_id": TENANT,
        "device_id": DEVICE,
        "report_id": "0198f000-0000-7000-8000-0000000000e1",
        "sequence": 1,
        "kind": "progress",
        "made_at_ms": 1_760_000_000_000,
        "body": {"action_id": "0198f000-0000-7000-8000-00000000ac01", "state": "received", "exit_code": None},
    }
    return {"permit-request": permit_request, "session": session, "report": report}


def _signature(key: SigningKey, kind: str, value: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "value": value,
        "signed_bytes_hex": signed_bytes(kind, value).hex(),
        "signature": key.sign(kind, value),
    }


def _token() -> dict[str, Any]:
    token = EnrolmentToken("a" * 32, "b" * 32, "secret-" + "c" * 25, "d" * 64, "-")
    return {"text": token.text(), "fields": encode(token)}


def _permit() -> dict[str, Any]:
    """A request, the whole answer to it, and what a device has to know to believe it."""
    authority = Authority()
    return {
        "pinned_root": authority.pinned,
        "now_ms": 1_760_000_000_000,
        "request": encode(request()),
        "answer": encode(authority.answer(request())),
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1, ensure_ascii=True))
