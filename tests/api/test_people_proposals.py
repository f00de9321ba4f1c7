"""What the MSP decides once about a patch: each tenant's policy takes it, leaves it to a person, or refuses it."""

from typing import Any
from uuid import uuid4

import pytest

from patchring.app import proposals
from patchring.app.caller import Caller
from patchring.app.permissions import StaffRole
from patchring.app.principals import authenticate
from patchring.core.policy.reception import ProposalKind
from patchring.store.ids import new_id
from patchring.wire.codec import encode
from tests.api.test_twin_tenants import everything
from tests.api.twins import Twin, Twins
from tests.scene import signed_policy

pytestmark = pytest.mark.anyio
WHY = "crashes the spooler"


async def ask(twins: Twins, method: str, path: str, body: Any = None, who: str = "both") -> Any:
    """The answer as JSON; a problem too, so that tests say which they expect."""
    sent = {} if body is None else {"json": body}
    answer = await twins.http.request(method, f"/api/v1{path}", headers=twins.headers(who), **sent)
    return answer.json()


async def answers_with(twins: Twins, twin: Twin, rules: str, version: int = 2) -> int:
    """The twin's policy says this of proposals from now on; the line that says it."""
    text = f"{twin.scene.policy_text}proposals: {rules}\n"
    statement = signed_policy(twin.tenant_id, uuid4(), version, text, twin.scene.approval_key, twins.clock.now())
    body = {"text": text, "statement": encode(statement)}
    assert (await ask(twins, "POST", f"/tenants/{twin.slug}/policy", body))["version"] == version
    return text.count("\n")


async def proposed(twins: Twins, kind: str = "hold", who: str = "both") -> Any:
    return await ask(twins, "POST", "/proposals", {"kind": kind, "patch": twins.a.scene.patch_key, "reason": WHY}, who)


async def withdrawn(twins: Twins, made: Any, who: str = "both") -> Any:
    return await ask(twins, "POST", f"/proposals/{made['proposal_id']}/withdraw", {"reason": "false alarm"}, who)


async def answer_of(twins: Twins, twin: Twin, made: Any) -> Any:
    rows = (await ask(twins, "GET", f"/tenants/{twin.slug}/proposals?withdrawn=true"))["items"]
    return next(row for row in rows if row["proposal_id"] == made["proposal_id"])


async def responded(twins: Twins, twin: Twin, made: Any, accept: bool) -> Any:
    path = f"/tenants/{twin.slug}/proposals/{made['proposal_id']}/answer"
    return await ask(twins, "POST", path, {"accept": accept, "reason": "we looked"})


async def held(twins: Twins, twin: Twin) -> list[str]:
    """The sources of the holds on the patch that are in force."""
    rows = (await ask(twins, "GET", f"/tenants/{twin.slug}/holds"))["items"]
    return [row["source"] for row in rows if row["patch_key"] == twins.a.scene.patch_key]


def counts(row: Any) -> dict[str, int]:
    return {name.removesuffix("_count"): row[name] for name in row if name.endswith("_count") and row[name]}


def recorded(twin: Twin, kind: str) -> int:
    return twin.scene.count("event", f"kind = '{kind}'")


async def test_each_tenant_answers_by_its_own_policy(twins: Twins) -> None:
    """One takes the hold and one refuses it; each says by which line of which version."""
    line = await answers_with(twins, twins.b, "{hold: refuse}")
    made = await proposed(twins)
    assert counts(made) == {"taken": 1, "refused": 1, "held": 1}
    assert (await held(twins, twins.a), await held(twins, twins.b)) == (["msp"], [])
    taken, refused = await answer_of(twins, twins.a, made), await answer_of(twins, twins.b, made)
    assert (taken["state"], taken["policy_version"], taken["line"], taken["held"]) == ("taken", 1, 0, True)
    assert (refused["state"], refused["policy_version"], refused["line"]) == ("refused", 2, line)
    text = f"proposals.hold (line {line} of policy) refuses proposals of this kind, so nothing comes of it"
    assert (refused["answer"], refused["hold_id"], refused["held"]) == (text, None, False)
    assert (recorded(twins.a, "proposal_taken"), recorded(twins.b, "proposal_refused")) == (1, 1)
    listed = (await ask(twins, "GET", "/proposals"))["items"]
    assert next(row for row in listed if row["proposal_id"] == made["proposal_id"]) == made


async def test_what_was_taken_holds_the_patch_and_names_the_proposal(twins: Twins) -> None:
    """The decision of the tenant is the hold, in the words of the proposal."""
    made = await proposed(twins)
    shown = await ask(twins, "GET", f"/tenants/{twins.a.slug}/decisions?patch={twins.a.scene.patch_id}")
    text = f"held: proposal {made['proposal_id']} of the MSP: {WHY}"
    for segment in shown["segments"]:
        assert (segment["outcome"], segment["reasons"][0]["code"]) == ("hold", "hold_msp")
        assert segment["reasons"][0]["text"] == text


async def test_a_tenant_that_refuses_never_gets_a_hold(twins: Twins) -> None:
    """Not when it is proposed, not by accepting it nevertheless, not by a later policy that would take it."""
    await answers_with(twins, twins.b, "{hold: refuse}")
    made = await proposed(twins)
    refused = await responded(twins, twins.b, made, accept=True)
    assert refused["kind"] == "proposal_answered"
    assert refused["detail"] == "the proposal was refused before by the tenant's policy"
    await answers_with(twins, twins.b, "{hold: take}", version=3)
    await withdrawn(twins, made)
    assert twins.b.scene.count("hold", "source = 'msp'") == 0
    assert twins.b.scene.count("event", "kind = 'hold_placed'") == 0


async def test_what_is_left_open_waits_for_a_person(twins: Twins) -> None:
    """Accepted: the hold is placed then, not before. Declined: never. Each once."""
    for twin in (twins.a, twins.b):
        await answers_with(twins, twin, "{hold: review}")
    made = await proposed(twins)
    assert counts(made) == {"open": 2}
    assert (await held(twins, twins.a), await held(twins, twins.b)) == ([], [])
    accepted = await responded(twins, twins.a, made, accept=True)
    assert (accepted["state"], accepted["decided_by"], accepted["held"]) == (
        "accepted",
        "patch_administrator:both",
        True,
    )
    declined = await responded(twins, twins.b, made, accept=False)
    assert (declined["state"], declined["decision_reason"], declined["hold_id"]) == ("declined", "we looked", None)
    assert (await held(twins, twins.a), await held(twins, twins.b)) == (["msp"], [])
    again = await responded(twins, twins.b, made, accept=True)
    text = "the proposal was declined before, by patch_administrator:both"
    assert (again["kind"], again["detail"]) == ("proposal_answered", text)
    assert (recorded(twins.a, "proposal_accepted"), recorded(twins.b, "proposal_declined")) == (1, 1)


@pytest.mark.parametrize("kind", ["expedite", "approve"])
async def test_what_would_let_a_patch_go_is_never_done_by_a_proposal(twins: Twins, kind: str) -> None:
    """It stays open for a person, and his yes is no approval: that takes a signature of the tenant."""
    before = twins.a.scene.count("approval"), twins.a.scene.count("hold")
    decided = await ask(twins, "GET", f"/tenants/{twins.a.slug}/decisions?patch={twins.a.scene.patch_id}")
    made = await proposed(twins, kind)
    assert counts(made) == {"open": 2}
    accepted = await responded(twins, twins.a, made, accept=True)
    assert (accepted["state"], accepted["hold_id"]) == ("accepted", None)
    assert (twins.a.scene.count("approval"), twins.a.scene.count("hold")) == before
    assert await ask(twins, "GET", f"/tenants/{twins.a.slug}/decisions?patch={twins.a.scene.patch_id}") == decided


async def test_a_withdrawn_proposal_releases_what_it_held_and_nothing_else(twins: Twins) -> None:
    """Also what a person accepted. A hold of somebody else on the same patch stays, and so does his release."""
    await answers_with(twins, twins.b, "{hold: review}")
    body = {"patch": twins.a.scene.patch_key, "reason": "our own"}
    assert (await ask(twins, "POST", f"/tenants/{twins.a.slug}/holds", body))["source"] == "person"
    made = await proposed(twins)
    released = await withdrawn(twins, made)
    assert (released["released_count"], released["withdrawn_by"]) == (1, "patch_administrator:both")
    assert counts(released) == {"taken": 1, "open": 1, "released": 1}
    assert (await held(twins, twins.a), await held(twins, twins.b)) == (["person"], [])
    late = await responded(twins, twins.b, made, accept=True)
    assert late["kind"] == "proposal_withdrawn"
    assert (recorded(twins.a, "proposal_withdrawn"), recorded(twins.b, "proposal_withdrawn")) == (1, 1)
    shown = [row["proposal_id"] for row in (await ask(twins, "GET", "/proposals"))["items"]]
    assert made["proposal_id"] not in shown


async def test_a_hold_that_a_person_released_is_not_released_again(twins: Twins) -> None:
    made = await proposed(twins)
    hold_id = (await answer_of(twins, twins.a, made))["hold_id"]
    await ask(twins, "POST", f"/tenants/{twins.a.slug}/holds/{hold_id}/release", {"reason": "not for us"})
    assert (await answer_of(twins, twins.a, made))["held"] is False
    assert (await withdrawn(twins, made))["released_count"] == 1  # that of the other tenant
    assert recorded(twins.a, "hold_released") == 1


async def test_doing_it_again_changes_nothing(twins: Twins) -> None:
    """A proposal whose way through the tenants broke off is sent on under its id; who answered is not asked again."""
    token = twins.tokens["both"]
    caller = Caller(twins.services, await authenticate(twins.database, token, twins.clock.now()), None)
    given = (new_id(twins.clock.now()), ProposalKind.HOLD, twins.a.scene.patch_key, WHY)
    first = await proposals.propose(caller, *given)
    before = everything(twins)
    assert await proposals.propose(caller, *given) == first
    assert everything(twins) == before
    await withdrawn(twins, {"proposal_id": given[0]})
    before = everything(twins)
    assert (await withdrawn(twins, {"proposal_id": given[0]}))["released_count"] == 0
    assert everything(twins) == before


async def test_a_policy_that_nobody_signed_takes_nothing(twins: Twins) -> None:
    """A person answers instead."""
    twins.admin.execute(
        "update patchring.policy_version set text = text || 'proposals: {hold: take}' where tenant_id = %s",
        [twins.b.tenant_id],
    )
    made = await proposed(twins)
    assert counts(made) == {"taken": 1, "open": 1, "held": 1}
    found = await answer_of(twins, twins.b, made)
    assert (found["state"], found["policy_version"], found["rule"]) == ("open", None, "")


async def test_it_is_put_to_the_tenants_that_one_was_given(twins: Twins) -> None:
    """And withdrawn by who made it or by who has all: another with some of them would leave the rest held."""
    made = await proposed(twins, who="ada")
    assert counts(made) == {"taken": 1, "held": 1}
    assert await held(twins, twins.b) == []
    assert (await withdrawn(twins, made, "both"))["kind"] == "not_allowed"
    twins.principal("bert", StaffRole.PATCH_ADMINISTRATOR, twins.b)
    assert (await withdrawn(twins, made, "bert"))["kind"] == "proposal_not_found"
    assert await held(twins, twins.a) == ["msp"]
    assert (await withdrawn(twins, made, "all"))["released_count"] == 1
