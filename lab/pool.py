"""The devices' disks: one sparse file with btrfs, so that a snapshot or a revert of a whole device takes a moment."""

from __future__ import annotations

from pathlib import Path

from lab.ledger import Ledger
from lab.place import Place
from lab.programs import run

SIZE = 16 << 30
"""Bytes the pool may grow to; the sparse file takes what is used."""


def make_pool(place: Place, ledger: Ledger) -> None:
    """Mounts the pool, which is made if it does not exist."""
    if ledger.get("mount", str(place.pool)):
        return
    image = place.folder / "pool.img"
    with ledger.making("mount", str(place.pool)):
        with image.open("wb") as file:
            file.truncate(SIZE)
        run(["mkfs.btrfs", "--quiet", "--metadata", "single", "--label", place.prefix, image])
        place.pool.mkdir(exist_ok=True)
        run(["mount", "-o", "loop,compress=zstd:1,noatime", image, place.pool])
        for folder in ("devices", "snapshots"):
            (place.pool / folder).mkdir()


def unmount(path: Path) -> None:
    """Unmounts `path` if it is a mount; its loop device goes with it."""
    if path.is_mount():
        run(["umount", path])


def create(subvolume: Path) -> None:
    run(["btrfs", "subvolume", "create", subvolume])


def snapshot(source: Path, target: Path, *, read_only: bool = False) -> None:
    """A copy of the subvolume as it is in this moment; the two share all blocks until one writes."""
    run(["btrfs", "subvolume", "snapshot", *(["-r"] if read_only else []), source, target])


def delete(subvolume: Path) -> None:
    """Deletes a subvolume; does nothing when it does not exist."""
    if subvolume.exists():
        run(["btrfs", "subvolume", "delete", subvolume])
