"""Feeds from files and folders: the same values as from the network, read by the same parsers."""

import gzip
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from patchring.feeds import epss, files, kev, osv
from patchring.feeds.answers import Failed, Fetched
from patchring.feeds.errors import FeedRefused
from patchring.feeds.files import from_path, left_out
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


def test_a_folder_of_osv_is_one_feed_whatever_mix_it_is(tmp_path: Path) -> None:
    """Single advisories, printed for people or not, lines, what is packed; none takes the place of another."""
    lines = cut("osv/alma.ndjson").splitlines()
    (tmp_path / "1.json").write_bytes(lines[0])
    (tmp_path / "2.json").write_bytes(msgspec.json.format(lines[1]))
    (tmp_path / "3.ndjson").write_bytes(b"\n".join(lines[2:4]))
    (tmp_path / "4.ndjson.gz").write_bytes(gzip.compress(b"\n".join(lines[4:5])))
    with zipfile.ZipFile(tmp_path / "5.zip", "w") as archive:
        for number, line in enumerate(lines[5:]):
            archive.writestr(f"{number}.json", line)
    (answer,) = fetched(from_path("osv", tmp_path, CLOCK, "AlmaLinux"))
    found = osv.parse(answer.content, OBSERVED, part="AlmaLinux")
    assert found.rows == osv.parse(cut("osv/alma.ndjson"), OBSERVED).rows


def test_what_is_wrong_in_a_folder_of_osv_names_its_file_and_line(tmp_path: Path) -> None:
    lines = cut("osv/alma.ndjson").splitlines()
    (tmp_path / "1.json").write_bytes(lines[0])
    (tmp_path / "2.ndjson").write_bytes(lines[1] + b"\n" + b'{"id": 7}\n')
    (answer,) = fetched(from_path("osv", tmp_path, CLOCK))
    with pytest.raises(FeedRefused) as refused:
        osv.parse(answer.content, OBSERVED)
    assert refused.value.found == "2.ndjson, line 2: Expected `str`, got `int` - at `$.id`"
    (tmp_path / "2.ndjson").write_bytes(b"PK\x03\x04")
    kind, text = failure(from_path("osv", tmp_path, CLOCK))
    assert (kind, text[:50]) == ("feed_truncated", "osv: 2.ndjson: expected a whole zip, it is cut off")


def test_what_of_a_folder_is_not_read_is_named(tmp_path: Path) -> None:
    """Folders in it and files that are no feed; of a file there is nothing to name."""
    (tmp_path / "kev.json").write_bytes(cut(f"kev/{POLLS[0]}.json"))
    (tmp_path / "README.txt").write_text("x")
    (tmp_path / "old.json").mkdir()
    endings = "its name ends in none of .json, .csv, .xml, .ndjson, .gz, .xz, .zip"
    assert left_out(tmp_path) == [
        ("README.txt", endings),
        ("old.json", "a folder in a folder: bring it by itself"),
    ]
    assert [answer.source.file for answer in fetched(from_path("kev", tmp_path, CLOCK))] == ["kev.json"]
    assert left_out(tmp_path / "kev.json") == []


def test_zstandard_in_a_folder_is_told_how_to_be_unpacked(tmp_path: Path) -> None:
    """The same as of a single file, instead of being passed over."""
    (tmp_path / "kev.json.zst").write_bytes(b"\x28\xb5\x2f\xfd" + b"x" * 20)
    (answer,) = fetched(from_path("kev", tmp_path, CLOCK))
    with pytest.raises(FeedRefused) as refused:
        kev.parse(answer.content, OBSERVED)
    assert refused.value.told_of("kev.json.zst") == (
        "kev: kev.json.zst: expected plain text, gzip or xz, Zstandard came; unpack it first: `zstd -d`"
    )


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
