"""What a review asks for: how many different persons, the client's consent, who owns it and until when."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchring.core.policy.asked import Said, Standing, spelled, standing, strictest, waiting, wanted
from patchring.core.policy.model import Asked
from patchring.core.reason import reason
from tests.core.builders import NOW

LATER, BEFORE = NOW + timedelta(days=1), NOW - timedelta(seconds=1)
TWO = Asked(people_min=2)
CLIENT = Asked(people_min=2, consent=True, owner="vcio", due_within=timedelta(days=2))


def yes(*by: str) -> list[Said]:
    """Approvals in force, newest first."""
    return [Said("approve", each, LATER) for each in by]


NO = [Said("reject", "technician:cyd", LATER)]
EXPIRED = [Said("approve", "patch_administrator:eve", NOW)]


@pytest.mark.parametrize(
    ("asked", "said", "expected"),
    [
        (Asked(), [], Standing(None)),
        (Asked(), yes("vcio:ada"), Standing(True, ("ada",))),
        (Asked(), yes("ada"), Standing(True, ("ada",))),
        (Asked(), EXPIRED, Standing(None)),
        (Asked(), NO, Standing(False)),
        (Asked(), [*NO, *yes("vcio:ada")], Standing(False)),
        (Asked(), [*yes("vcio:ada"), *NO], Standing(True, ("ada",))),
        (Asked(), yes("client_contact:kim"), Standing(None)),
        (TWO, yes("vcio:ada"), Standing(None, ("ada",))),
        (TWO, yes("vcio:ada", "operator:ada"), Standing(None, ("ada",))),
        (TWO, yes("vcio:ada", "operator:bob"), Standing(True, ("ada", "bob"))),
        (TWO, [*yes("vcio:ada"), *EXPIRED], Standing(None, ("ada",))),
        (TWO, [*yes("vcio:ada"), *NO, *yes("operator:bob")], Standing(None, ("ada",))),
        (TWO, [*NO, *yes("vcio:ada", "operator:bob")], Standing(False)),
        (TWO, yes("vcio:ada", "client_contact:kim"), Standing(None, ("ada",))),
        (CLIENT, yes("vcio:ada", "operator:bob"), Standing(None, ("ada", "bob"))),
        (CLIENT, yes("vcio:ada", "client_contact:kim"), Standing(True, ("ada", "kim"), True)),
        (CLIENT, yes("client_contact:kim", "vcio:kim", "vcio:ada"), Standing(True, ("kim", "ada"), True)),
        (CLIENT, yes("client_contact:kim"), Standing(None, ("kim",), True)),
        (CLIENT, yes("vcio:ada", "client_contact"), Standing(None, ("ada", "client_contact"))),
        (Asked(people_min=0), [], Standing(None)),
    ],
)  # fmt: skip
def test_what_people_said_comes_to(asked: Asked, said: list[Said], expected: Standing) -> None:
    """Different persons that have not expired, one of the client where it has to agree; a rejection ends it."""
    assert standing(asked, said, NOW) == expected


people = st.sampled_from(["vcio:ada", "operator:ada", "operator:bob", "client_contact:kim", "client_contact:lou"])
words = st.builds(Said, st.sampled_from(["approve"] * 4 + ["reject"]), people, st.sampled_from([LATER, NOW, BEFORE]))


@given(said=st.lists(words, max_size=6), people_min=st.integers(1, 3), consent=st.booleans())
def test_approved_only_by_enough_who_count(said: list[Said], people_min: int, consent: bool) -> None:
    """Counted over again, simply: those before the newest rejection, in force, each person once."""
    first_no = next((number for number, each in enumerate(said) if each.decision == "reject"), len(said))
    valid = [each for each in said[:first_no] if each.expires_at > NOW]
    of_client = {each.by.split(":")[1] for each in valid if each.by.startswith("client_contact:")}
    of_msp = {each.by.split(":")[1] for each in valid if not each.by.startswith("client_contact:")}
    enough = len(of_msp | of_client) >= people_min and bool(of_client) if consent else len(of_msp) >= people_min
    found = standing(Asked(people_min, consent), said, NOW)
    assert (found.approved is True) is enough


def test_the_sentence_says_who_is_missing() -> None:
    """How many of how many, whose consent, whose review it is and when it is due."""
    found = waiting(CLIENT, Standing(None, ("ada",)), NOW)
    assert found.text == (
        "waits for approval: 1 of 2 different persons (ada), the client's consent is missing; owner: vcio, "
        "due 2026-11-25 14:00 UTC"
    )
    assert found.numbers == {"people": "1", "people_min": "2", "due": "2026-11-25T14:00:00+00:00"}
    agreed = waiting(CLIENT, Standing(None, ("kim",), True), None)
    assert agreed.text == ("waits for approval: 1 of 2 different persons (kim), the client has agreed; owner: vcio")
    assert waiting(TWO, Standing(None), NOW).text == (
        "waits for approval: 0 of 2 different persons; owner: patch administrator"
    )
    assert waiting(Asked(), Standing(None), NOW) == reason("approval_missing", "waits for a person to approve it")
    three = waiting(Asked(people_min=3), Standing(None, ("ada", "bob")), NOW)
    assert (three.code, three.text) == (
        "approval_missing",
        "waits for approval: 2 of 3 different persons (ada, bob); owner: patch administrator",
    )
    one = waiting(Asked(consent=True), Standing(None), NOW)
    assert one.text == (
        "waits for approval: 0 of 1 different persons, the client's consent is missing; owner: patch administrator"
    )


def test_what_is_asked_for_is_told() -> None:
    """Nothing beyond one person is nothing to tell."""
    assert wanted(Asked()) is None
    found = wanted(CLIENT)
    assert found is not None
    assert found.text == "asks for 2 different persons and the client's consent within 2d; owner: vcio"
    assert found.numbers == {"people_min": "2", "consent": "True"}
    alone = wanted(Asked(owner="first_line"))
    assert alone is not None
    assert alone.text == "asks for a person; owner: first line"


def test_the_strictest_of_several() -> None:
    """The most persons, consent where one wants it, the shortest time with its owner."""
    day = timedelta(days=1)
    short = Asked(1, False, "first_line", day)
    assert strictest([CLIENT, short, TWO]) == Asked(2, True, "first_line", day)
    assert strictest([replace(short, owner="a", due_within=2 * day), replace(short, owner="b")]).owner == "b"
    assert strictest([replace(short, owner="b"), replace(short, owner="a")]).owner == "a"
    untimed = Asked(owner="a")
    assert strictest([untimed, short]) == strictest([short, untimed]) == short
    assert strictest([Asked(owner="b"), Asked(owner="a")]).owner == "a"
    assert strictest([]) == Asked()
    assert strictest([TWO]) == TWO


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (90, "1m 30s"), (3600, "1h"), (93600, "1d 2h"), (172800, "2d")]
)
def test_durations_are_spelled_as_in_the_text(seconds: int, text: str) -> None:
    """Days, hours, minutes, seconds; what is zero is left out."""
    assert spelled(timedelta(seconds=seconds)) == text
