"""How a tenant scope is written."""

import hashlib
import hmac
from datetime import UTC, datetime
from uuid import UUID

import pytest

from patchring.core.ids import TenantId
from patchring.store.scope import Scope, inner_pad, outer_pad

ONE, TWO = (TenantId(UUID(int=n)) for n in (1, 2))
KEY = bytes(range(32))
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_a_scope_names_role_expiry_and_sorted_tenants() -> None:
    """The text is the version, the role, the second it expires, the tenants and the MAC of all that."""
    text = Scope.over([TWO, ONE, TWO]).signed("patchring_staff", KEY, NOON)
    payload = f"1|patchring_staff|{int(NOON.timestamp()) + 120}|{ONE},{TWO}"
    assert text == f"{payload}|{hmac.new(KEY, payload.encode(), hashlib.sha256).hexdigest()}"


def test_the_pads_make_the_same_mac_with_nothing_but_sha256() -> None:
    """What the database computes is HMAC-SHA-256."""
    message = b"message"
    by_pads = hashlib.sha256(outer_pad(KEY) + hashlib.sha256(inner_pad(KEY) + message).digest()).hexdigest()
    assert by_pads == hmac.new(KEY, message, hashlib.sha256).hexdigest()


def test_a_scope_over_nobody_is_a_bug() -> None:
    """A transaction for no tenant is never meant."""
    with pytest.raises(AssertionError, match="over no tenant"):
        Scope.over([])


def test_a_scope_of_one_is_a_scope_over_one() -> None:
    """There is one kind of scope."""
    assert Scope.of(ONE) == Scope.over({ONE})
