"""The written vectors and the code say the same, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from patchring.wire.authority import plan_digest, verify_permit
from patchring.wire.canonical import NotCanonical, canonical, digest, signed_bytes
from patchring.wire.codec import decode
from patchring.wire.messages import PermitAnswer, PermitRequest, Plan
from patchring.wire.signing import SigningKey, fingerprint, signature_holds
from patchring.wire.token import EnrolmentToken
from tests.wire import vectors

FILE = Path(__file__).parents[2] / "docs" / "wire-vectors.json"
WRITTEN: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_file_is_what_the_generator_makes() -> None:
    """A change of the canonical bytes is a change of the protocol: it shows here first."""
    assert json.loads(json.dumps(vectors.vectors())) == WRITTEN


@pytest.mark.parametrize("vector", WRITTEN["canonical"], ids=lambda v: v["name"])
def test_canonical_bytes(vector: dict[str, Any]) -> None:
    assert canonical(vector["value"]) == vector["bytes"].encode()
    assert digest(vector["value"]) == vector["digest"]


@pytest.mark.parametrize("vector", WRITTEN["refused"], ids=lambda v: v["name"])
def test_what_has_no_canonical_bytes_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(NotCanonical):
        canonical(json.loads(vector["json"]))


@pytest.mark.parametrize("vector", WRITTEN["signatures"], ids=lambda v: v["kind"])
def test_signatures(vector: dict[str, Any]) -> None:
    key = SigningKey.from_seed(bytes.fromhex(WRITTEN["key"]["seed"]))
    assert fingerprint(key.public) == WRITTEN["key"]["fingerprint"]
    assert signed_bytes(vector["kind"], vector["value"]).hex() == vector["signed_bytes_hex"]
    assert key.sign(vector["kind"], vector["value"]) == vector["signature"]
    assert signature_holds(WRITTEN["key"]["public"], vector["kind"], vector["value"], vector["signature"])
    assert not signature_holds(WRITTEN["key"]["public"], "other", vector["value"], vector["signature"])


def test_plan_digest() -> None:
    assert plan_digest(decode(Plan, WRITTEN["plan"]["value"])) == WRITTEN["plan"]["digest"]


def test_token() -> None:
    token = EnrolmentToken.parse(WRITTEN["token"]["text"])
    assert token == EnrolmentToken(**WRITTEN["token"]["fields"])
    assert token.text() == WRITTEN["token"]["text"]


def test_the_written_permit_counts() -> None:
    written = WRITTEN["permit"]
    answer = decode(PermitAnswer, written["answer"])
    assert answer.permit is not None
    request = decode(PermitRequest, written["request"])
    checked = verify_permit(answer.permit, answer.chain, request, written["pinned_root"], None, 0, written["now_ms"])
    assert (checked.reasons, checked.root_version, checked.policy_version) == ([], 1, 7)
