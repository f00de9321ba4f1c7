"""Feeds from files and folders: the same values as from the network, read by the same parsers."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from patchring.feeds import epss, files, kev, osv
from patchring.feeds.answers import Failed, Fetched
from patchring.feeds.files import from_path
from patchring.feeds.guards import BOUNDS
from patchring.feeds.sources import Source
from patchring.testing.clock import ManualClock
from tests.feeds.material import CUTS, OBSERVED, POLLS, cut

CLOCK = ManualClock(OBSERVED)


def fetched(answers: list[Fetched | Failed]) -> list[Fetched]:
    found = [answer for answer in answers if isinstance(answer, Fetched)]
    assert len(found) == len(answers), answers
    return found


def failure(answers: list[Fetched | Failed]) -> tuple[str, str]:
    (answer,) = answers
    assert isinstance(answer, Failed)
    return answer.kind, answer.text


def test_a_file_is_a_feed_as_it_would_have_come() -> None:
    path = CUTS / "epss" / "epss.csv"
    answers = from_path("epss", path, CLOCK)
    assert answers == [Fetched(Source("epss", path.absolute().as_uri()), cut("epss/epss.csv"), OBSERVED)]
    assert len(epss.parse(fetched(answers)[0].content, OBSERVED).rows) == 61


def test_a_folder_is_its_files_by_name_and_leaves_others_alone() -> None:
    answers = fetched(from_path("kev", CUTS / "kev", CLOCK))
    assert [Path(answer.source.url).name for answer in answers] == [f"{poll}.json" for poll in POLLS]
    assert [len(kev.parse(answer.content, OBSERVED).rows) for answer in answers] == [10, 12, 11]


def test_a_folder_of_single_advisories_is_one_feed(tmp_path: Path) -> None:
    for number, line in enumerate(cut("osv/alma.ndjson").splitlines()):
        (tmp_path / f"{number}.json").write_bytes(line)
    (answer,) = fetched(from_path("osv", tmp_path, CLOCK, "AlmaLinux"))
    assert answer.source == Source("osv", tmp_path.as_uri(), "AlmaLinux")
    assert osv.parse(answer.content, OBSERVED).rows == osv.parse(cut("osv/alma.ndjson"), OBSERVED).rows
    os.mkfifo(tmp_path / "x.json")
    assert failure(from_path("osv", tmp_path, CLOCK))[0] == "feed_unreadable", "a part is not the whole"


def test_a_folder_of_one_or_of_packed_advisories_is_its_files(tmp_path: Path) -> None:
    (tmp_path / "alma.ndjson").write_bytes(cut("osv/alma.ndjson"))
    assert [answer.content for answer in fetched(from_path("osv", tmp_path, CLOCK))] == [cut("osv/alma.ndjson")]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    none, pipe = tmp_path / "none.json", tmp_path / "pipe"
    os.mkfifo(pipe)
    empty = tmp_path / "empty"
    empty.mkdir()
    said = [failure(from_path("kev", path, CLOCK)) for path in (none, pipe, empty)]
    endings = ".json, .csv, .xml, .ndjson, .gz, .xz, .zip"
    assert said == [
        (
            "feed_unreadable",
            f"kev: {none}: expected a file that can be read (No such file or directory); what we have stays",
        ),
        ("feed_unreadable", f"kev: {pipe}: expected a file, this is none; what we have stays"),
        (
            "feed_unreadable",
            f"kev: {empty}: expected files that end in {endings}, there are none; what we have stays",
        ),
    ]


def test_a_file_or_folder_has_no_more_than_a_feed_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(BOUNDS["osv"], bytes_packed=10)
    monkeypatch.setattr(files, "BOUNDS", {"osv": small})
    (tmp_path / "1.json").write_bytes(b"x" * 11)
    assert failure(from_path("osv", tmp_path, CLOCK)) == (
        "feed_too_large",
        f"osv: {tmp_path}/1.json: expected at most 10 bytes, there are more; what we have stays",
    )
    (tmp_path / "1.json").write_bytes(b"x" * 10)
    assert len(fetched(from_path("osv", tmp_path, CLOCK))) == 1
    (tmp_path / "2.json").write_bytes(b"x")
    assert failure(from_path("osv", tmp_path, CLOCK))[0] == "feed_too_large"
