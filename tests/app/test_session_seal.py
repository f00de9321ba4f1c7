"""The text of a session: what was made is recognised, nothing else is."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchring.app.errors import NotSignedIn
from patchring.app.sessions import Session, SessionSeal

SEAL = SessionSeal(b"k" * 32)
hexes = st.text("0123456789abcdef", min_size=32, max_size=32)
sessions = st.builds(Session, hexes, hexes, st.integers(0, 999_999_999), st.integers(1, 999_999_999_999))


def kind(token: str, now_s: float = 0.0, seal: SessionSeal = SEAL) -> str:
    with pytest.raises(NotSignedIn) as caught:
        seal.read(token, now_s)
    return caught.value.kind


@given(sessions)
def test_what_was_made_is_recognised_until_it_expires(session: Session) -> None:
    token = SEAL.issue(session)
    assert SEAL.read(token, session.expires_at_s - 1) == session
    assert kind(token, session.expires_at_s) == "session_expired"


@given(sessions, st.integers(0, 200), st.sampled_from(string.printable + "é\0"))
def test_one_other_character_anywhere_and_it_is_forged(session: Session, place: int, letter: str) -> None:
    token = SEAL.issue(session)
    place %= len(token)
    bent = token[:place] + letter + token[place + 1 :]
    if bent != token:
        assert kind(bent) == "session_forged"


@given(st.text())
def test_any_text_is_forged(text: str) -> None:
    assert kind(text) == "session_forged"


@given(sessions)
def test_a_session_of_another_key_is_forged(session: Session) -> None:
    assert kind(SessionSeal(b"o" * 32).issue(session)) == "session_forged"


def test_the_form_is_the_agreed_one() -> None:
    session = Session("a" * 32, "b" * 32, 7, 1_795_420_800)
    text, _, mac = SEAL.issue(session).rpartition(".")
    assert text == f"v1.{'a' * 32}.{'b' * 32}.7.1795420800"
    assert len(mac) == 64
