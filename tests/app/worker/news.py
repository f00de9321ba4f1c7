"""What feeds say, for the world that the worker's tests drive."""

import json
from typing import Any

from patchring.app.catalogue.take import Taken, take
from patchring.feeds import kev, osv
from tests.app.worker.world import World

VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def advisory(number: int, package: str, cve: str, fixed: str = "1.1", **more: Any) -> dict[str, Any]:
    versions = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}
    affected = [{"package": {"ecosystem": "Debian:12", "name": package}, "ranges": [versions]}]
    said = {"id": f"DSA-{number}-1", "modified": "2026-08-01T00:00:00Z", "published": "2026-08-01T00:00:00Z"}
    severity = [{"type": "CVSS_V3", "score": VECTOR}]
    return {**said, "upstream": [cve], "affected": affected, "severity": severity, **more}


async def publish(world: World, *advisories: dict[str, Any]) -> Taken:
    raw = "\n".join(map(json.dumps, advisories)).encode()
    now = world.clock.now()
    return await take(world.database, osv.parse(raw, now, part="Debian:12"), now)


async def list_exploited(world: World, *cves: str) -> Taken:
    """KEV as it was before, with these."""
    entries = [
        {"cveID": cve, "vendorProject": "V", "product": "P", "vulnerabilityName": "N", "dateAdded": "2026-11-23"}
        for cve in ("CVE-2020-0001", *cves)
    ]
    now = world.clock.now()
    said = {"catalogVersion": now.isoformat(), "dateReleased": now.isoformat(), "count": len(entries)}
    raw = json.dumps({**said, "vulnerabilities": entries}).encode()
    return await take(world.database, kev.parse(raw, now), now)
