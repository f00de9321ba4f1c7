"""The files of feeds that benchmarks load: everything that there is, and what comes a day later."""

import gzip
import json
import lzma
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared" / "data"
CUTS = Path(__file__).parents[1] / "tests" / "feeds" / "cuts"
JUNE, LATER_JUNE = "msrc/polls/2026-Jun_20260702T155644Z.xml.zst", "msrc/cvrf/2026-06_2026-Jun.xml.zst"
ALMA = "linux/alma9_osv_2026.ndjson.xz"
OSV = {
    "AlmaLinux": ALMA,
    "Debian": "linux/debian_osv_sample.ndjson.xz",
    "Ubuntu": "linux/ubuntu_osv_sample.ndjson.xz",
    "Rocky Linux": "linux/rocky_osv_sample.ndjson.xz",
}
EPSS = "epss/epss_scores-2026-08-16.csv.gz"


@dataclass(frozen=True)
class FeedFile:
    """`part` is what the feed's address would say of it; empty where the file itself says it."""

    feed: str
    path: Path
    part: str = ""

    def as_json(self) -> dict[str, str]:
        return {**asdict(self), "path": str(self.path)}


def first_load(folder: Path) -> list[FeedFile]:
    """Everything, once. `folder` is for what has to be unpacked first."""
    if not SHARED.exists():
        return list(_cuts())
    months = sorted({*(SHARED / "msrc/cvrf").glob("*.zst"), SHARED / JUNE} - {SHARED / LATER_JUNE})
    documents = [_unpacked(packed, folder / packed.stem) for packed in months]
    return [
        FeedFile("kev", SHARED / "kev/polls/poll1_2026-08-21T1248Z.json.gz"),
        FeedFile("epss", SHARED / EPSS),
        *(FeedFile("osv", SHARED / name, part) for part, name in OSV.items()),
        *(FeedFile("msrc", path) for path in documents),
        *(FeedFile("sofa", path) for path in sorted((SHARED / "macos").glob("*feed.json.gz"))),
        FeedFile("winget", SHARED / "apps/winget_version_history.csv"),
        FeedFile("endoflife", SHARED / "eol/endoflife_products.json.gz"),
    ]


def next_day(folder: Path) -> list[FeedFile]:
    """The next poll of KEV, every score moved, a month told anew, and advisories corrected, new and withdrawn."""
    if not SHARED.exists():
        return [
            FeedFile("kev", CUTS / "kev/poll2_2026-08-21T1711Z.json"),
            _scores_moved(folder, CUTS / "epss/epss.csv"),
        ]
    return [
        FeedFile("kev", SHARED / "kev/polls/poll2_2026-08-21T1711Z.json.gz"),
        _scores_moved(folder, SHARED / EPSS),
        FeedFile("msrc", _unpacked(SHARED / LATER_JUNE, folder / "later-june.xml")),
        _advisories_changed(folder, SHARED / ALMA),
    ]


def _cuts() -> Iterator[FeedFile]:
    yield FeedFile("kev", CUTS / "kev/poll1_2026-08-21T1248Z.json")
    yield FeedFile("epss", CUTS / "epss/epss.csv")
    yield FeedFile("osv", CUTS / "osv/alma.ndjson", "AlmaLinux")
    yield FeedFile("msrc", CUTS / "msrc/month.xml")
    for path in sorted((CUTS / "sofa").glob("*.json")):
        yield FeedFile("sofa", path)
    yield FeedFile("endoflife", CUTS / "lifecycle/products.json")


def _unpacked(packed: Path, path: Path) -> Path:
    """MSRC sends plain XML; only the stored copies are packed with Zstandard."""
    path.write_bytes(subprocess.run(["zstd", "-dc", str(packed)], capture_output=True, check=True).stdout)
    return path


def _scores_moved(folder: Path, before: Path) -> FeedFile:
    """A day later. New CVEs among 360,000 move the percentile of nearly all of them, so each line is another."""
    raw = before.read_bytes()
    comment, header, *lines = (gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw).decode().splitlines()
    moved = [comment.replace("2026-08-16", "2026-08-17"), header]
    for line in lines:
        cve, score, percentile = line.split(",")
        moved.append(f"{cve},{score},{abs(float(percentile) - 0.00003):.5f}")
    path = folder / "scores.csv"
    path.write_text("\n".join(moved) + "\n", encoding="utf-8")
    return FeedFile("epss", path)


def _advisories_changed(folder: Path, before: Path) -> FeedFile:
    """Every tenth advisory is corrected and comes again as a new one of the next year; one is gone."""
    said = [json.loads(line) for line in lzma.decompress(before.read_bytes()).splitlines()]
    said = [advisory for advisory in said if advisory["id"] != said[-1]["id"]]
    tenth = [advisory for advisory in said if advisory["id"].endswith("0")]
    new = [{**advisory, "id": advisory["id"].replace("2026", "2027")} for advisory in tenth]
    for advisory in tenth:
        advisory["summary"] += " (corrected)"
    path = folder / "advisories.ndjson"
    path.write_text("\n".join(map(json.dumps, [*said, *new])), encoding="utf-8")
    return FeedFile("osv", path, "AlmaLinux")
