"""Orders of versions by examples, and as orders. test_against_tools.py holds two of them to dpkg and rpm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchring.core.versions import Scheme, compare, older, scheme_of

ORDERED = {
    Scheme.DEB: ["1.0~rc1~git1", "1.0~rc1", "1.0", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0a", "1.0+dfsg", "1.10", "1:0.1"],
    Scheme.RPM: [
        "1.0~rc1",
        "1.0",
        "1.0^git1",
        "1.0.a",
        "1.0.1",
        "1.0.1-1.el9",
        "1.0.1-1.el9_4",
        "1.0.1-2.el9",
        "1.10",
        "1:0.1",
    ],
    Scheme.DOTTED: ["10.0.19045.5011", "10.0.22631.460", "10.0.22631.4460", "10.0.26100", "10.0.26100.1"],
    Scheme.LOOSE: ["1.2.0-alpha", "1.2.0-alpha.1", "1.2.0-beta", "1.2.0", "1.2.1", "v1.10", "131.0.6778.86", "2024.1"],
}


@pytest.mark.parametrize("scheme", Scheme)
def test_each_is_older_than_all_behind_it(scheme: Scheme) -> None:
    versions = ORDERED[scheme]
    wrong = [
        (one, other)
        for place, one in enumerate(versions)
        for other in versions[place + 1 :]
        if not older(scheme, one, other) or compare(scheme, other, one) != 1
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("scheme", "one", "other"),
    [
        (Scheme.DEB, "0:1.0", "1.0"),
        (Scheme.DEB, "1.0-0", "1.0"),
        (Scheme.RPM, "1_0", "1.0"),
        (Scheme.DOTTED, "10.0", "10.0.0"),
        (Scheme.LOOSE, "v1.2.3", "1.2.3+build7"),
    ],
)
def test_what_is_written_differently_may_be_the_same(scheme: Scheme, one: str, other: str) -> None:
    assert compare(scheme, one, other) == 0


TEXTS = st.text(alphabet="019.~+-:abZ^_", max_size=8)


@pytest.mark.parametrize("scheme", Scheme)
def test_every_order_is_one(scheme: Scheme) -> None:
    """Any three texts: turning a pair round turns the answer round, and older than older is older."""

    @given(TEXTS, TEXTS, TEXTS)
    def holds(one: str, two: str, three: str) -> None:
        assert compare(scheme, one, one) == 0
        assert compare(scheme, one, two) == -compare(scheme, two, one)
        if compare(scheme, one, two) <= 0 and compare(scheme, two, three) <= 0:
            assert compare(scheme, one, three) <= 0

    holds()


def test_providers_have_their_scheme() -> None:
    providers = ("apt", "dnf", "windows_update", "winget")
    assert [scheme_of(provider) for provider in providers] == [Scheme.DEB, Scheme.RPM, Scheme.DOTTED, Scheme.LOOSE]
