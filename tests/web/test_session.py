"""Sessions of browsers and the proof of forms: what we made counts, everything else is nobody."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from patchring.web.session import LIFETIME, PageSeal

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
WHO = UUID("018f0000-0000-7000-8000-000000000001")
KEY = bytes(range(32))


def test_a_session_names_its_principal_until_it_is_over() -> None:
    seal = PageSeal(KEY)
    cookie = seal.issue(WHO, NOW)
    session = seal.read(cookie, NOW + LIFETIME - timedelta(seconds=1))
    assert session is not None
    assert session.principal_id == WHO
    assert seal.read(cookie, NOW + LIFETIME) is None


def test_what_was_changed_or_made_with_another_key_is_nobody() -> None:
    seal = PageSeal(KEY)
    cookie = seal.issue(WHO, NOW)
    other = cookie.replace(WHO.hex, UUID(int=7).hex)
    assert [seal.read(text, NOW) for text in (other, cookie[:-1], cookie + "0", "", "v1.a.b.c.d", "é." * 5)] == [
        None
    ] * 6
    assert PageSeal(bytes(32)).read(cookie, NOW) is None


def test_a_form_counts_in_its_own_session_alone() -> None:
    seal = PageSeal(KEY)
    mine, yours = (seal.read(seal.issue(WHO, NOW), NOW) for _ in range(2))
    assert mine is not None
    assert yours is not None
    token = seal.form_token(mine)
    assert [seal.form_token_holds(mine, token), seal.form_token_holds(yours, token)] == [True, False]
    assert [seal.form_token_holds(mine, text) for text in ("", token[:-1], "ü")] == [False] * 3


def test_two_sessions_of_one_principal_differ() -> None:
    seal = PageSeal(KEY)
    assert seal.issue(WHO, NOW) != seal.issue(WHO, NOW)


def test_the_key_has_a_length() -> None:
    with pytest.raises(AssertionError):
        PageSeal(b"short")
