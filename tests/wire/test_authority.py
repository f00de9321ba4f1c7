"""A permit counts only whole: any change of request, chain or permit, and any replay, is refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from patchring.wire.authority import (
    ApprovalStatement,
    ApprovedPackage,
    Grant,
    Permit,
    Root,
    Verification,
    root_counts,
    unauthorised,
    verify_permit,
)
from patchring.wire.canonical import digest
from patchring.wire.codec import Refused, decode, encode
from patchring.wire.messages import PermitAnswer, PermitRequest, Plan
from patchring.wire.signing import SignedDocument, SigningKey, fingerprint
from tests.agent.authority import FAR_MS, TENANT, Authority
from tests.wire.vectors import plan, request

NOW_MS = 1_760_000_000_000


def check(
    answer: PermitAnswer,
    to: PermitRequest | None = None,
    before: Root | None = None,
    policy: int = 0,
    now_ms: int = NOW_MS,
) -> Verification:
    assert answer.permit is not None
    pinned = Authority().pinned
    return verify_permit(answer.permit, answer.chain, to or request(), pinned, before, policy, now_ms)


def codes(verification: Verification) -> list[str]:
    assert (verification.permit is None) == bool(verification.reasons)
    return [reason.code for reason in verification.reasons]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every single value, and of every list (which can lose its last entry)."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))
        if value:
            yield path
    else:
        yield path


def changed(value: Any, path: tuple[Any, ...]) -> Any:
    """A copy with one value changed: text gets its last character turned, numbers rise, lists lose an entry."""
    if path:
        copy = dict(value) if isinstance(value, dict) else list(value)
        copy[path[0]] = changed(value[path[0]], path[1:])
        return copy
    if isinstance(value, list):
        return value[:-1]
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1")
    return (value or 0) + 1


ANSWER = encode(Authority().answer(request()))
REQUEST = encode(request())
# Said to people and to the loop's timer; a permit does not rest on it.
BESIDE = {("retry_after_s",)}
# The permit does not repeat these: the loop compares the boot id, the server checks number, instant and signature.
UNSEALED = {("number",), ("made_at_ms",), ("boot_id",), ("signature",)}


def test_the_unchanged_answer_counts() -> None:
    checked = check(decode(PermitAnswer, ANSWER))
    assert checked.permit is not None
    assert (checked.permit.permit_id, checked.root_version, checked.policy_version) == ("permit-1", 1, 7)


@pytest.mark.parametrize("path", [p for p in leaves(ANSWER) if p not in BESIDE], ids=lambda p: ".".join(map(str, p)))
def test_every_single_change_of_the_answer_is_refused(path: tuple[Any, ...]) -> None:
    try:
        answer = decode(PermitAnswer, changed(ANSWER, path))
    except Refused:
        return
    assert check(answer).permit is None


@pytest.mark.parametrize("path", [p for p in leaves(REQUEST) if p not in UNSEALED], ids=lambda p: ".".join(map(str, p)))
def test_a_permit_does_not_count_for_any_other_request(path: tuple[Any, ...]) -> None:
    other = decode(PermitRequest, changed(REQUEST, path))
    assert codes(check(decode(PermitAnswer, ANSWER), other)) != []


def resigned(changes: dict[str, Any]) -> PermitAnswer:
    """An answer whose permit the true permit key signed with other contents."""
    authority = Authority()
    permit = replace(authority.permit_for(request()), **changes)
    signed = authority.permit_key.sign_document(encode(permit))
    return PermitAnswer(signed, [authority.root_document(), authority.policy_document()])


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant_id": "other"},
        {"device_id": "other"},
        {"action_id": "other"},
        {"action": "downgrade"},
        {"nonce": "0" * 32},
        {"plan_digest": "0" * 64},
        {"authority": "0" * 64},
        {"lifetime_s": 0},
        {"lifetime_s": 61},
    ],
    ids=lambda c: "-".join(c),
)
def test_a_well_signed_permit_for_something_else_is_refused(changes: dict[str, Any]) -> None:
    assert codes(check(resigned(changes))) == ["permit_for_something_else"]


def test_keys_of_one_purpose_do_not_count_for_another() -> None:
    """The server's permit key can neither approve nor speak for the root."""
    authority = Authority()
    permit_key, policy = authority.permit_key, encode(authority.policy)
    answer = authority.answer(request())
    by_permit_key = replace(answer, chain=[answer.chain[0], permit_key.sign_document(policy)])
    assert codes(check(by_permit_key)) == ["authority_not_signed"]
    own_root = replace(authority.root, permit_keys=[permit_key.public], root_keys=[permit_key.public])
    assert codes(check(replace(answer, chain=[permit_key.sign_document(encode(own_root)), answer.chain[1]]))) == [
        "root_not_trusted"
    ]


def test_older_policies_and_expired_documents_are_refused() -> None:
    answer = Authority().answer(request())
    assert codes(check(answer, policy=8)) == ["policy_older"]
    assert check(answer, policy=7).permit is not None
    assert codes(check(answer, now_ms=FAR_MS)) == ["root_not_trusted"]


def test_chain_needs_both_documents() -> None:
    answer = Authority().answer(request())
    assert codes(check(replace(answer, chain=answer.chain[:1]))) == ["chain_incomplete"]
    assert codes(check(replace(answer, chain=[*answer.chain, answer.chain[0]]))) == ["chain_incomplete"]


def test_roots_only_rise_and_need_the_keys_before_them() -> None:
    first = Authority()
    new_key = SigningKey.from_seed(b"n" * 32)
    second = replace(first.root, version=2, root_keys=[new_key.public])
    by_old = first.root_key.sign_document(encode(second))
    by_new = new_key.sign_document(encode(second))
    pinned = first.pinned
    assert root_counts(by_old, TENANT, pinned, first.root, NOW_MS) == second
    assert root_counts(by_new, TENANT, pinned, first.root, NOW_MS) is None
    assert root_counts(first.root_document(), TENANT, pinned, second, NOW_MS) is None
    assert root_counts(by_new, TENANT, fingerprint(new_key.public), None, NOW_MS) == second
    same_version = first.root_key.sign_document(encode(replace(first.root, approval_threshold=0)))
    assert root_counts(same_version, TENANT, pinned, first.root, NOW_MS) is None


def test_a_threshold_counts_keys_not_signatures() -> None:
    authority = Authority()
    both = replace(authority.root, approval_keys=[authority.approver.public, authority.root_key.public])
    root = replace(both, approval_threshold=2)
    payload = encode(authority.policy)
    once, other = authority.approver.sign_document(payload), authority.root_key.sign_document(payload)
    twice_one = SignedDocument(payload, [*once.signatures, *once.signatures])
    two = SignedDocument(payload, [*once.signatures, *other.signatures])
    root_document = authority.root_key.sign_document(encode(root))
    permit = authority.answer(request()).permit
    assert codes(check(PermitAnswer(permit, [root_document, twice_one]))) == ["authority_not_signed"]
    assert check(PermitAnswer(permit, [root_document, two])).permit is not None


def test_removals_are_never_authorised_and_additions_only_by_rule() -> None:
    document = Authority().policy_document()
    change = plan().changes[0]
    removal, addition = replace(change, to_version=""), replace(change, from_version="")
    foreign = replace(change, origin="Somebody")
    assert [r.code for r in unauthorised(document, "install", Plan("apt", [change, removal]))] == ["plan_removes"]
    assert unauthorised(document, "install", Plan("apt", [change, addition])) == []
    assert [r.code for r in unauthorised(document, "install", Plan("apt", [change, foreign]))] == [
        "change_not_authorised"
    ]
    assert [r.code for r in unauthorised(document, "install", Plan("apt", []))] == ["plan_empty"]
    assert [r.code for r in unauthorised(document, "install", Plan("dnf", [change]))] == ["change_not_authorised"]
    assert unauthorised(document, "reboot", Plan("system", [])) == []


def test_a_reboot_needs_a_grant_that_says_reboot() -> None:
    authority = Authority()
    quiet = Grant("quiet", ["install"], "apt", ["*"], ["*"], ["*"], ["*"])
    document = authority.approver.sign_document(encode(replace(authority.policy, grants=[quiet])))
    assert [r.code for r in unauthorised(document, "reboot", Plan("system", []))] == ["reboot_not_granted"]


def test_an_approval_covers_the_named_versions_alone() -> None:
    authority = Authority()
    change = plan().changes[0]
    named = [ApprovedPackage("apt", change.package, change.to_version)]
    approval = ApprovalStatement("approval", TENANT, "a1", ["install"], named, [], "f" * 64, "CVE", 0, FAR_MS)
    document = authority.approver.sign_document(encode(approval))
    assert unauthorised(document, "install", plan()) == []
    later = replace(change, to_version="1.2")
    assert [r.code for r in unauthorised(document, "install", Plan("apt", [later]))] == ["change_not_authorised"]
    assert [r.code for r in unauthorised(document, "downgrade", plan())] == ["change_not_authorised"]
    permit = replace(authority.permit_for(request()), authority=digest(encode(approval)))
    signed = authority.permit_key.sign_document(encode(permit))
    assert isinstance(check(PermitAnswer(signed, [authority.root_document(), document])).permit, Permit)
