"""`patchring feeds`: brought from files, fetched from a real HTTP server, and how old each is."""

import json
import re
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from patchring.app.catalogue.fetching import fetch_due
from patchring.cli import feeds_here
from patchring.feeds.fetch import Effort
from patchring.feeds.sources import Source
from patchring.serve.local import ADDRESS_FILE
from patchring.serve.running import note_settings
from patchring.serve.settings import Settings
from patchring.store.secrets import write_secrets
from tests.cli.conftest import Desk
from tests.databases import FreshDatabase
from tests.feeds.feedserver import FeedServer, answering, feed_server
from tests.feeds.material import CUTS, POLLS, cut

FIRST, SECOND, THIRD = (CUTS / f"kev/{poll}.json" for poll in POLLS)
COUNT = len(json.loads(FIRST.read_bytes())["vulnerabilities"])
FEEDS_MD = Path(__file__).parents[2] / "docs" / "feeds.md"
BROUGHT = {
    "kev": FIRST,
    "epss": CUTS / "epss/epss.csv",
    "osv": CUTS / "osv/alma.ndjson",
    "msrc": CUTS / "msrc/month.xml",
    "sofa": CUTS / "sofa/macos.json",
    "endoflife": CUTS / "lifecycle/api.json",
    "winget": CUTS / "winget/index.json",
}


@pytest.fixture
def office(desk: Desk, fresh: FreshDatabase) -> Desk:
    """The desk is the server's own machine: the address of the database and its secrets are there."""
    for name in ("run", "secrets"):
        (desk.home / name).mkdir()
    (desk.home / "run" / ADDRESS_FILE).write_text(re.sub(r"\buser=\S+ ?", "", fresh.admin), encoding="utf-8")
    write_secrets(desk.home / "secrets" / "store.json", fresh.secrets)
    return desk


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FeedServer]:
    """`feeds fetch` asks this machine instead of the internet, once each, for KEV and EPSS."""
    with feed_server() as running:
        sources = [Source(feed, f"{running.url}/{feed}") for feed in ("kev", "epss")]
        monkeypatch.setattr(feeds_here, "default_sources", lambda today: sources)
        monkeypatch.setattr(feeds_here, "fetch_due", partial(fetch_due, plain_loopback=True))
        monkeypatch.setattr(feeds_here, "Effort", partial(Effort, attempts_max=1))
        yield running


def status(desk: Desk) -> dict[str, dict[str, Any]]:
    return {row["feed"]: row for row in desk("feeds", "status", "--json").json}


def test_a_feed_from_a_file_is_taken_once(office: Desk) -> None:
    """Brought again it is nothing new; its age and its lines are shown."""
    assert office("feeds", "status").out.startswith("no feed yet: ")
    assert (
        office("feeds", "import", "kev", FIRST).out
        == f"kev: {FIRST.name}: {COUNT} lines: {COUNT} new, 0 changed, 0 gone\n"
    )
    assert office("feeds", "import", "kev", FIRST).out == f"kev: {FIRST.name}: nothing new\n"
    row = status(office)["kev"]
    assert (row["row_count"], row["problem"], row["failure_count"]) == (COUNT, "", 0)
    shown = office("feeds", "status").out
    assert f"{row['observed_at'][:16].replace('T', ' ')} UTC" in shown
    assert f"{row['tried_at'][:16].replace('T', ' ')} UTC" in shown
    assert row["version"] in shown


def test_what_is_refused_is_exit_code_1_and_the_last_good_one_stays(office: Desk, tmp_path: Path) -> None:
    """Of a file that ends too early; the status says why and how often, beside the old age."""
    office("feeds", "import", "kev", FIRST)
    before = status(office)["kev"]
    broken = tmp_path / "broken.json"
    broken.write_bytes(FIRST.read_bytes()[:-40])
    for _ in range(2):
        [came] = office("feeds", "import", "kev", broken, "--json", code=1).json
        found = "expected a whole JSON document, it ends in the middle"
        advice = "nothing of it was taken; see that the file came whole"
        assert (came["rows"], came["text"]) == (0, f"refused: {found}; {advice}")
        assert (came["file"], came["problem"]) == ("broken.json", f"kev: broken.json: {found}; {advice}")
    after = status(office)["kev"]
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"tried_at", "problem_kind", "problem", "failure_count"}
    assert (after["problem_kind"], after["problem"]) == ("feed_truncated", came["problem"])
    assert "(2 times)" in " ".join(office("feeds", "status").out.split())


def test_a_feed_that_shrinks_has_to_be_looked_at(office: Desk, tmp_path: Path) -> None:
    """Refused, unless somebody says that it is meant."""
    catalogue = json.loads(FIRST.read_bytes())
    left = catalogue["vulnerabilities"][:1]
    small = tmp_path / "small.json"
    small.write_text(json.dumps(catalogue | {"vulnerabilities": left, "count": 1}), encoding="utf-8")
    office("feeds", "import", "kev", FIRST)
    assert "entries are gone" in office("feeds", "import", "kev", small, code=1).out
    assert status(office)["kev"]["problem_kind"] == "feed_shrunken"
    said = f"kev: small.json: 1 line: 0 new, 0 changed, {COUNT - 1} gone\n"
    assert office("feeds", "import", "kev", small, "--allow-shrinking").out == said
    assert (status(office)["kev"]["row_count"], status(office)["kev"]["problem"]) == (1, "")


def test_a_feed_of_another_season_is_old_although_it_was_brought_now(office: Desk, tmp_path: Path) -> None:
    """By the day that it names itself; the table has both."""
    office("feeds", "import", "kev", FIRST)
    row = status(office)["kev"]
    assert (row["verdict"], row["problem"]) == ("old", "")
    assert f"old {row['published_at'][:10]} {row['observed_at'][:10]}" in " ".join(
        office("feeds", "status").out.split()
    )
    fresh = tmp_path / "fresh.json"
    said = json.loads(FIRST.read_bytes()) | {"dateReleased": row["observed_at"]}
    fresh.write_text(json.dumps(said), encoding="utf-8")
    office("feeds", "import", "kev", fresh)
    assert status(office)["kev"]["verdict"] == "current"


def test_there_is_a_way_back_to_an_older_feed(office: Desk) -> None:
    """Refused unless somebody says that it is meant, and then kept as what was taken is: with its version and counts.
    That it is older does not say that it may be smaller."""
    office("feeds", "import", "kev", SECOND)
    newer = status(office)["kev"]
    told = office("feeds", "import", "kev", FIRST, code=1).out
    assert told.endswith("the last good one stays; to go back to this one all the same, add --allow-older\n")
    assert office("feeds", "import", "kev", FIRST, "--allow-shrinking", code=1).out == told
    gone = newer["row_count"] - COUNT
    taken = office("feeds", "import", "kev", FIRST, "--allow-older").out
    assert taken == f"kev: {FIRST.name}: {COUNT} lines: 0 new, 0 changed, {gone} gone\n"
    back = status(office)["kev"]
    assert (back["published_at"] < newer["published_at"], back["problem"]) == (True, "")
    small = json.loads(FIRST.read_bytes())
    small |= {"vulnerabilities": small["vulnerabilities"][:1], "count": 1, "dateReleased": "2026-01-01T00:00:00Z"}
    (office.home / "small.json").write_text(json.dumps(small), encoding="utf-8")
    assert (
        "entries are gone" in office("feeds", "import", "kev", office.home / "small.json", "--allow-older", code=1).out
    )


def test_a_wrong_file_of_a_feed_that_never_came_leaves_no_line(office: Desk, tmp_path: Path) -> None:
    """Who brought it was told; of a feed that came, the status says what was wrong with the last file."""
    broken = tmp_path / "broken.json"
    broken.write_text("[", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    for feed in ("sofa", "winget", "msrc", "kev"):
        office("feeds", "import", feed, broken, code=1)
        office("feeds", "import", feed, tmp_path / "empty", code=1)
    office("feeds", "import", "osv", BROUGHT["osv"], "--part", "Debian", code=1)
    assert status(office) == {}
    office("feeds", "import", "kev", FIRST)
    office("feeds", "import", "kev", broken, code=1)
    assert {feed: row["failure_count"] for feed, row in status(office).items()} == {"kev": 1}


def test_every_line_of_a_folder_names_its_file(office: Desk, tmp_path: Path) -> None:
    """Those that are refused, what is not read, and the folder itself where all of it is one feed; a file of another
    feed is no reason to wait for a new Patchring."""
    folder = tmp_path / "usb"
    (folder / "more").mkdir(parents=True)
    (folder / "a.json").write_text("<html>", encoding="utf-8")
    (folder / "b.json").write_bytes(BROUGHT["sofa"].read_bytes())
    (folder / "c.json").write_bytes(FIRST.read_bytes())
    advice = "nothing of it was taken; see that this is a file of this feed (docs/feeds.md has where each is from)"
    assert office("feeds", "import", "kev", folder, code=1).out.splitlines() == [
        f"kev: a.json: refused: expected JSON: JSON is malformed: invalid character (byte 0); {advice}",
        f"kev: b.json: refused: Object missing required field `catalogVersion`; {advice}",
        f"kev: c.json: {COUNT} lines: {COUNT} new, 0 changed, 0 gone",
        "kev: more: not read: a folder in a folder: bring it by itself",
    ]
    lines = BROUGHT["osv"].read_bytes().splitlines()[:6]
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    (mixed / "1.json").write_bytes(lines[0])
    (mixed / "2.ndjson").write_bytes(b"\n".join(lines[1:]))
    said = f"osv AlmaLinux: mixed: {len(lines)} lines: {len(lines)} new, 0 changed, 0 gone\n"
    assert office("feeds", "import", "osv", mixed, "--part", "AlmaLinux").out == said


def test_osv_is_taken_only_as_a_part_that_is_known(office: Desk) -> None:
    """Nothing is written where it is not; no other feed takes a part."""
    known = "Debian, Ubuntu, AlmaLinux, Rocky Linux, Red Hat, SUSE, openSUSE\n"
    alma = BROUGHT["osv"]
    none = office("feeds", "import", "osv", alma, code=1).err
    assert none.endswith(f"osv comes in parts, and a file does not say which it is; add --part with one of: {known}")
    small = office("feeds", "import", "osv", alma, "--part", "rocky", code=1).err
    assert small.endswith(f"osv has no part 'rocky' here; did you mean 'Rocky Linux'; expected one of: {known}")
    odd = office("feeds", "import", "osv", alma, "--part", "Gentoo", code=1).err
    assert odd.endswith(f"osv has no part 'Gentoo' here; expected one of: {known}")
    other = office("feeds", "import", "kev", FIRST, "--part", "x", code=1).err
    assert other.endswith("kev says by itself what part it is of; leave --part 'x' out\n")
    wrong = office("feeds", "import", "osv", alma, "--part", "Debian", code=1).out
    assert wrong == (
        "osv Debian: alma.ndjson: refused: expected advisories of Debian, got AlmaLinux (6); "
        "nothing of it was taken; bring it with the --part that it is of\n"
    )


def test_fetching_asks_every_source_now(office: Desk, server: FeedServer) -> None:
    """What was asked a moment ago too, with what the source said of its copy; one that fails is exit code 1."""
    server.routes["/kev"] = [answering(200, FIRST.read_bytes(), ETag='"one"'), answering(304)]
    server.routes["/epss"] = [answering(200, cut("epss/epss.csv")), answering(503)]
    assert office("feeds", "fetch").out.splitlines()[0] == f"kev: {COUNT} lines: {COUNT} new, 0 changed, 0 gone"
    good = status(office)
    kev, epss = office("feeds", "fetch", "--json", code=1).json
    assert (kev["text"], kev["problem"]) == ("nothing new", "")
    assert epss["problem"] == "epss: expected status 200 from 127.0.0.1, got 503; what we have stays"
    assert [asked.get("if-none-match") for path, asked in server.asked if path == "/kev"] == [None, '"one"']
    now = status(office)
    assert {feed: row["observed_at"] for feed, row in now.items()} == {f: r["observed_at"] for f, r in good.items()}
    assert all(now[feed]["tried_at"] > good[feed]["tried_at"] for feed in good)
    assert (now["kev"]["problem"], now["epss"]["problem"]) == ("", epss["problem"])


def test_a_server_that_does_not_fetch_is_not_made_to(office: Desk, server: FeedServer) -> None:
    """By how it was started, whatever the shell says; nothing is asked and no feed gets a problem."""
    note_settings(Settings(office.home, feeds_fetched=False))
    said = office("feeds", "fetch", code=1).err
    assert said.endswith(
        "this server was started with feeds_fetched = false: bring feeds with `patchring feeds import`, "
        "or start it again with PATCHRING_FEEDS_FETCHED=yes\n"
    )
    assert (server.asked, status(office)) == ([], {})


def test_what_cannot_begin_is_one_line(desk: Desk) -> None:
    """A feed that is none, a machine without a server, a place that is not there."""
    assert "expected kev, epss, osv, msrc, sofa, winget, endoflife" in desk("feeds", "import", "cve", FIRST, code=1).err
    away = desk("feeds", "import", "kev", FIRST, code=1).err
    assert away.endswith("is not there: start the server with `patchring up`, or name its folder with --home\n")
    assert away.count("\n") == 1
    assert desk("feeds", "fetch", code=1).err == away
    desk("feeds", "import", "kev", desk.home / "nothing.json", code=2)


def test_the_guide_is_right_as_it_is_written(office: Desk, tmp_path: Path, server: FeedServer) -> None:
    """Each command of it, in its order, with the files that it names; afterwards every feed is there."""
    office.monkeypatch.chdir(tmp_path)
    server.routes |= {"/kev": [answering(200, THIRD.read_bytes())], "/epss": [answering(200, cut("epss/epss.csv"))]}
    guide = FEEDS_MD.read_text(encoding="utf-8")
    typed = re.findall(r"^patchring (feeds import .+)$", guide, re.MULTILINE)
    for line in typed:
        words = shlex.split(line)
        Path(words[3]).write_bytes(BROUGHT[words[2]].read_bytes())
        assert ": nothing new" not in office(*words).out
    assert [shlex.split(line)[2] for line in typed] == list(BROUGHT)
    others = re.findall(r"`patchring (feeds (?!import)[^`]+)`", guide)
    shown = ["feeds show CVE-2026-69836 --history", "feeds show KB5094126 --as-of 2026-08-21T12:00Z"]
    assert sorted(others) == ["feeds fetch", *shown, "feeds status"]
    for line in others:
        office(*line.split())
    assert set(status(office)) == set(BROUGHT)
    assert {row["problem"] for row in status(office).values()} == {""}
