"""Windows: what a missing update would settle, by KB and product; what replaces it keeps the finding open."""

from typing import Any

import pytest

from patchring.app.catalogue.take import take
from patchring.feeds.model import Snapshot, Weakness, WindowsUpdate
from patchring.wire.codec import encode
from patchring.wire.messages import Facts, InstalledPackage, Package, Scan, Update
from tests.app.worker.news import VECTOR, list_exploited
from tests.app.worker.test_findings import told
from tests.app.worker.world import Device, Tenant, World

pytestmark = pytest.mark.anyio

PC, SERVER = "Windows 11 Version 24H2 for x64-based Systems", "Windows Server 2025"
OCTOBER, NOVEMBER = "KB5066835", "KB5068861"


def weakness(cve: str, cvss_tenths: int = 78) -> Weakness:
    return Weakness(cve, "important", cvss_tenths, VECTOR, exploited=None, disclosed=None)


def update(kb: str, product: str, *weaknesses: Weakness, replaces: tuple[str, ...] = ()) -> WindowsUpdate:
    return WindowsUpdate(kb, product[-5:], product, "", "Security Update", "Yes", replaces, (), weaknesses)


async def publish(world: World, month: str, *rows: WindowsUpdate) -> None:
    now = world.clock.now()
    whole = Snapshot("msrc", rows, None, "1", now, "0" * 64, 1, part=month)
    await take(world.database, whole, now)


def scan(world: World, device: Device, *missing: str, os_name: str = "Windows 11 Pro") -> None:
    """The device misses these KBs, and nothing else."""
    facts = Facts(device.name, os_name, "24H2", "10.0.26100", "x64", device.boot_id, 0, "1.0")
    updates = [
        Update(
            Package("windows_update", "Windows 11", f"10.0.26100.{kb[-4:]}", "x64"), "10.0.26100.1",
            title=f"2026-11 Cumulative Update ({kb})", origin="Microsoft", security=True, classification="security",
            kb=kb, update_id=f"id-{kb}",
        )
        for kb in missing
    ]  # fmt: skip
    installed = [InstalledPackage("windows_update", "Windows 11", "10.0.26100.1", "x64")]
    now_ms = int(world.clock.now().timestamp() * 1000)
    device.report("scan", encode(Scan(now_ms, "".join(missing) or "-", facts, [], installed, updates, False)))


def add_device(tenant: Tenant) -> Device:
    [device] = tenant.add_devices(1, internet_facing=False)
    device.silent = True
    return device


def open_now(tenant: Tenant) -> list[tuple[Any, ...]]:
    rows = tenant.rows(
        "select device.name, cve, package, cvss_tenths, exploited_at is not null as exploited from patchring.finding"
        " join patchring.device using (tenant_id, device_id)"
        " where finding.tenant_id = %(t)s and known_to is null order by 1, 2"
    )
    return [tuple(row.values()) for row in rows]


async def test_a_kb_settles_what_is_said_of_the_devices_own_product(world: World) -> None:
    tenant = world.add_tenant("alpha")
    pc, server = add_device(tenant), add_device(tenant)
    await publish(
        world,
        "2026-Nov",
        update(NOVEMBER, PC, weakness("CVE-2026-0001"), weakness("CVE-2026-0002", 98)),
        update(NOVEMBER, SERVER, weakness("CVE-2026-0002", 88)),
        update("KB1", PC, weakness("CVE-2026-0003")),
    )
    scan(world, pc, NOVEMBER)
    scan(world, server, NOVEMBER, os_name="Windows Server 2025 Standard")
    await world.settle()
    assert open_now(tenant) == [
        ("alpha-0", "CVE-2026-0001", NOVEMBER, 78, False),
        ("alpha-0", "CVE-2026-0002", NOVEMBER, 98, False),
        ("alpha-1", "CVE-2026-0002", NOVEMBER, 88, False),
    ]


async def test_it_ends_when_neither_the_update_nor_its_successor_is_missing(world: World) -> None:
    """November replaces October: a device that is offered November alone still lacks what October settled."""
    tenant = world.add_tenant("alpha")
    device = add_device(tenant)
    await publish(world, "2026-Oct", update(OCTOBER, PC, weakness("CVE-2026-0001")))
    scan(world, device, OCTOBER)
    await world.settle()
    await publish(world, "2026-Nov", update(NOVEMBER, PC, weakness("CVE-2026-0002"), replaces=(OCTOBER,)))
    scan(world, device, NOVEMBER)
    await world.settle()
    assert [row[1:3] for row in open_now(tenant)] == [("CVE-2026-0001", OCTOBER), ("CVE-2026-0002", NOVEMBER)]
    scan(world, device)
    await world.settle()
    assert open_now(tenant) == []


async def test_a_listing_marks_the_update(world: World) -> None:
    tenant = world.add_tenant("alpha")
    scan(world, add_device(tenant), NOVEMBER)
    await publish(world, "2026-Nov", update(NOVEMBER, PC, weakness("CVE-2026-0001")))
    await list_exploited(world, "CVE-2026-0001")
    await world.settle()
    assert open_now(tenant) == [("alpha-0", "CVE-2026-0001", NOVEMBER, 78, True)]
    assert told(tenant, "patch_exploited") == [{"patch_key": f"windows_update:id-{NOVEMBER}"}]


async def test_a_month_that_vanished_closes_nothing(world: World) -> None:
    """MSRC's June of 2026 was gone for eight hours."""
    tenant = world.add_tenant("alpha")
    scan(world, add_device(tenant), NOVEMBER)
    rows = [update(f"KB{number}", PC, weakness("CVE-2026-0009")) for number in range(200)]
    await publish(world, "2026-Nov", update(NOVEMBER, PC, weakness("CVE-2026-0001")), *rows)
    await world.settle()
    before = open_now(tenant)
    await publish(world, "2026-Nov", *rows)
    await world.settle()
    assert open_now(tenant) == before != []
