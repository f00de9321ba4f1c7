"""`patchring findings`: what is open, and what was."""

from datetime import timedelta

from tests.api.twins import finding
from tests.cli.conftest import Desk


def test_what_was_open_at_an_instant(desk: Desk) -> None:
    """From the instant at which it began to the one at which it ended, the latter not included."""
    scene, hour = desk.scene, timedelta(hours=1)
    begun = scene.now - 4 * hour
    row = finding(scene, scene.devices[0].device_id)
    scene.insert("finding", [{**row, "known_from": begun, "known_to": begun + hour}])
    scene.insert("finding", [{**row, "known_from": begun + 2 * hour}])

    def known(*more: object) -> list[tuple[str, str | None]]:
        found = desk("findings", "list", "--tenant", scene.slug, "--json", *more).json
        return [(row["known_from"], row["known_to"]) for row in found]

    first, second = known("--as-of", begun.isoformat()), known()
    assert [len(first), len(second)] == [1, 1]
    assert first != second
    assert first[0][1] is not None
    assert second[0][1] is None
    expected = {-1: [], 0: first, 1: first, 59: first, 60: [], 119: [], 120: second, 180: second}
    for minutes, there in expected.items():
        at = begun + timedelta(minutes=minutes)
        assert known("--as-of", at.isoformat()) == there, minutes
    text = desk("findings", "list", "--tenant", scene.slug, "--as-of", begun.isoformat()).out
    assert "still open" not in text
    assert "CVE-2026-0001" in text
