"""`patchring feeds show`: what is said now, what was said once, and what was known at an instant."""

from typing import Any

from patchring.cli.feed_words import words_of
from tests.cli.conftest import Desk
from tests.cli.test_feeds import BROUGHT, FIRST, SECOND, THIRD, office, server, status

__all__ = ["office", "server"]
APPEARED, WITHDRAWN = "CVE-2026-73570", "CVE-2026-69836"


def shown(desk: Desk, *arguments: object) -> list[Any]:
    return list(desk("feeds", "show", *arguments, "--json").json)


def test_an_entry_that_was_withdrawn_is_seen_with_its_trace(office: Desk) -> None:
    """The three polls of 2026-08-21: it is there from the second to the third, and in no other moment."""
    observed = []
    for poll in (FIRST, SECOND, THIRD):
        office("feeds", "import", "kev", poll)
        observed.append(status(office)["kev"]["observed_at"])
    assert shown(office, WITHDRAWN) == []
    assert office("feeds", "show", WITHDRAWN).out == (
        f"nothing is said of {WITHDRAWN}; --history shows what was said once\n"
    )
    [kept] = shown(office, WITHDRAWN.lower(), "--history")
    assert (kept["feed"], kept["key"], kept["number"]) == ("kev", WITHDRAWN, 1)
    assert [kept["known_from"], kept["known_to"]] == observed[1:]
    assert shown(office, WITHDRAWN, "--as-of", observed[0]) == []
    assert shown(office, WITHDRAWN, "--as-of", observed[1]) == [kept]
    assert shown(office, WITHDRAWN, "--as-of", observed[2]) == []
    assert shown(office, WITHDRAWN, "--as-of", observed[0], "--history") == []
    [listed] = shown(office, APPEARED)
    assert (listed["known_from"], listed["known_to"]) == (observed[1], None)
    text = " ".join(office("feeds", "show", WITHDRAWN, "--history").out.split())
    assert f"exploited, listed on {kept['body']['listed_on']}" in text
    assert f"{observed[2][:16].replace('T', ' ')} UTC" in text


def test_every_feed_is_asked_by_its_own_names(office: Desk) -> None:
    """A CVE is found in advisories, updates and scores; a KB by its number, in any spelling."""
    for feed, file in BROUGHT.items():
        office("feeds", "import", feed, file, *(("--part", "AlmaLinux") if feed == "osv" else ()))
    rows = office.scene.connection.execute(
        "select feed, key, body from patchring.catalogue union all select 'epss', cve, null from patchring.score"
    ).fetchall()
    names = {feed: (key, body) for feed, key, body in rows}
    assert set(names) == set(BROUGHT)
    for feed, (key, _) in names.items():
        [row] = shown(office, key, "--feed", feed)
        assert (row["feed"], row["key"], row["number"], row["known_to"]) == (feed, key, 1, None)
        assert len(words_of(row)) > 10
    for feed in ("osv", "sofa"):
        body = next(body for name, _, body in rows if name == feed and body["cves"])
        found = shown(office, body["cves"][0], "--feed", feed)
        assert body in [row["body"] for row in found]
    update = next(body for name, _, body in rows if name == "msrc" and body["kb"] and body["weaknesses"])
    of_kb = shown(office, update["kb"])
    assert {row["body"]["kb"] for row in of_kb} == {update["kb"]}
    assert shown(office, update["kb"].removeprefix("KB")) == of_kb == shown(office, update["kb"].lower())
    assert update in [row["body"] for row in shown(office, update["weaknesses"][0]["cve"], "--feed", "msrc")]


def test_an_instant_is_one_that_has_been(office: Desk) -> None:
    """Nobody knows what will be known; a time without an offset is no instant."""
    for command in (("feeds", "show", APPEARED), ("findings", "list", "--tenant", office.scene.slug)):
        assert office(*command, "--as-of", "2999-01-01T00:00Z", code=4).err.endswith("+00:00 [instant_ahead]\n")
        assert "as_of" in office(*command, "--as-of", "2026-08-21T12:00", code=4).err
