"""The command line against a real listener, with a home, a configuration and keys of its own."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from patchring.app.permissions import StaffRole
from patchring.app.principals import token_hash
from patchring.cli.main import run
from patchring.store.ids import new_id
from patchring.wire.signing import SigningKey
from tests.api.live import live_api
from tests.databases import FreshDatabase
from tests.scene import Scene

TOKEN = "operator-" + "x" * 40


@dataclass
class Shown:
    """What a command did: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Desk:
    """A technician's desk. `scene` is a tenant that was there before; its keys lie in the folder of keys."""

    url: str
    keys: Path
    home: Path
    scene: Scene
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *arguments: object, code: int = 0) -> Shown:
        """Run `patchring ARGUMENTS`; the exit code has to be this one."""
        self.monkeypatch.setattr(sys, "argv", ["patchring", *map(str, arguments)])
        self.capsys.readouterr()
        ended: int | str | None = 0
        try:
            run()
        except SystemExit as exit_:
            ended = exit_.code
        printed = self.capsys.readouterr()
        shown = Shown(int(ended or 0), printed.out, printed.err)
        assert shown.code == code, f"exit code {shown.code}\n{shown.out}\n{shown.err}"
        return shown


@pytest.fixture
def desk(
    fresh: FreshDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    with psycopg.connect(fresh.admin, autocommit=True) as admin:
        scene = Scene(admin)
        device = scene.add_devices(1, name="web-1")[0]
        missed = {"tenant_id": scene.tenant_id, "device_id": device.device_id, "patch_id": scene.patch_id}
        scene.insert("missing", [{**missed, "known_from": scene.now, "installed_version": "1.0"}])
        row = {"principal_id": new_id(scene.now), "name": "operator", "kind": "system", "role": StaffRole.OPERATOR}
        given = {"all_tenants": True, "token_hash": token_hash(TOKEN), "created_at": scene.now}
        scene.insert("principal", [{**row, **given}])
        keys, home = tmp_path / "keys", tmp_path / "home"
        put_key(keys / scene.slug / "root.key", scene.root_key)
        put_key(keys / scene.slug / "approval.key", scene.approval_key)
        home.mkdir()
        with live_api(fresh, scene.permit_key.public) as url:
            clean(monkeypatch, tmp_path)
            monkeypatch.setenv("PATCHRING_URL", url)
            monkeypatch.setenv("PATCHRING_TOKEN", TOKEN)
            monkeypatch.setenv("PATCHRING_KEYS", str(keys))
            yield Desk(url, keys, home, scene, capsys, monkeypatch)


def clean(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """No configuration but that of the test."""
    for name in ("URL", "TOKEN", "KEYS", "CONFIG"):
        monkeypatch.delenv(f"PATCHRING_{name}", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("PATCHRING_HOME", str(folder / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))


def put_key(path: Path, key: SigningKey) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(key.seed().hex(), encoding="ascii")
