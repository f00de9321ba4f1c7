"""`patchring feeds`: what is known of vulnerabilities and updates, since when, and how old it is."""

from pathlib import Path
from typing import Annotated, Any

import typer

from patchring.cli.feed_words import words_of
from patchring.cli.finding_commands import AsOf
from patchring.cli.output import Json, console, minute, server, show_json, show_rows

feeds = typer.Typer(help="What is known of vulnerabilities and updates, and since when.", no_args_is_help=True)
Home = Annotated[Path | None, typer.Option(help="Where the server's data lives.", envvar="PATCHRING_HOME")]


def register(app: typer.Typer) -> None:
    app.add_typer(feeds, name="feeds")


@feeds.command("status")
def status(as_json: Json = False) -> None:
    """How old each feed is, and what the last try came to."""
    with server() as api:
        rows = list(api.each("/feeds"))
    times = (("last good", _good), ("tried at", _tried))
    known = ("feed", "part", "verdict", ("of", _published))
    columns = (*known, *times, "row_count", "version", ("problem", _problem))
    show_rows(rows, columns, as_json, "no feed yet: they are fetched by `patchring up`, or brought by `feeds import`")


def _good(row: Any) -> str:
    return minute(row["observed_at"]) if row["observed_at"] else "never"


def _tried(row: Any) -> str:
    return minute(row["tried_at"]) if row["tried_at"] else "never"


def _published(row: Any) -> str:
    return str(row["published_at"][:10]) if row["published_at"] else ""


def _problem(row: Any) -> str:
    return f"{row['problem']} ({row['failure_count']} times)" if row["problem"] else ""


@feeds.command("show")
def show(
    key: Annotated[str, typer.Argument(help="A CVE, an advisory, a KB, or another key: `debian 12`.")],
    feed: Annotated[str, typer.Option(help="Only this feed: kev, epss, osv, msrc, sofa, winget, endoflife.")] = "",
    as_of: AsOf = None,
    history: Annotated[bool, typer.Option("--history", help="Each version, also what is not said any more.")] = False,
    as_json: Json = False,
) -> None:
    """What feeds say of it, or said at an instant, and from when to when it was known here.

    Example: patchring feeds show CVE-2026-69836 --history
    """
    with server() as api:
        rows = list(api.each("/feeds/entries", key=key, feed=feed, as_of=as_of, history=str(history).lower()))
    then = f"was known of {key} then" if as_of else f"is said of {key}"
    more = "" if history else "; --history shows what was said once"
    columns = ("feed", "part", "key", ("known from", _from), ("known to", _to), ("says", words_of))
    show_rows(rows, columns, as_json, f"nothing {then}{more}")


def _from(row: Any) -> str:
    return minute(row["known_from"])


def _to(row: Any) -> str:
    return minute(row["known_to"]) if row["known_to"] else "now"


@feeds.command("import")
def import_(
    feed: Annotated[str, typer.Argument(help="kev, epss, osv, msrc, sofa, winget or endoflife.")],
    source: Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a folder of files.", exists=True)],
    part: Annotated[str, typer.Option(help="Of osv, which: `Debian`, `Rocky Linux`.")] = "",
    shrinking: Annotated[bool, typer.Option("--allow-shrinking", help="I looked: it is meant to be smaller.")] = False,
    older: Annotated[bool, typer.Option("--allow-older", help="Go back to one that was published before.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Bring a feed from a file, where there is no internet. Run it on the server, while it runs.

    Example: patchring feeds import kev known_exploited_vulnerabilities.json
    """
    from patchring.cli.feeds_here import import_feed
    from patchring.feeds.guards import Allowed

    _told(import_feed(home, feed, source, part, Allowed(shrinking, older)), as_json)


@feeds.command("fetch")
def fetch(home: Home = None, as_json: Json = False) -> None:
    """Ask every source now. Run it on the server, while it runs; one that was started without fetching is not made to.

    Example: patchring feeds fetch
    """
    from patchring.cli.feeds_here import fetch_feeds

    _told(fetch_feeds(home), as_json)


def _told(came: list[dict[str, Any]], as_json: bool) -> None:
    """What came of each; exit code 1 when one was refused or did not come."""
    if as_json:
        show_json(came)
    else:
        for each in came:
            name = f"{each['feed']} {each['part']}".strip()
            file = f"{each['file']}: " if each["file"] else ""
            console.print(f"{name}: {file}{each['text']}", markup=False, soft_wrap=True)
    if any(each["problem"] for each in came):
        raise typer.Exit(1)
