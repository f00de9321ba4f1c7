"""`patchring devices | explain`."""

from typing import Annotated, Any

import typer

from patchring.cli.output import Json, Why, console, say, server, show_json, show_pairs, show_rows
from patchring.cli.tenant_commands import Tenant

devices = typer.Typer(help="Managed machines.", no_args_is_help=True)
Device = Annotated[str, typer.Argument(help="Name or id of the device.")]
Words = Annotated[list[str] | None, typer.Option()]


def register(app: typer.Typer) -> None:
    app.add_typer(devices, name="devices")
    app.command("explain")(explain)


@devices.command("list")
def list_devices(
    tenant: Tenant,
    words: Annotated[str, typer.Option(help="Part of the name.")] = "",
    device_class: Annotated[str, typer.Option("--class", help="Only this class.")] = "",
    as_json: Json = False,
) -> None:
    """Devices of a tenant, with what they miss."""
    with server() as api:
        rows = api.each(f"/tenants/{tenant}/devices", words=words, **{"class": device_class})
        columns = ("name", "site", "class", "criticality", "roles", "missing_count", "reboot_pending", "last_seen_at")
        show_rows(rows, columns, as_json, "no devices yet: patchring tokens create")


@devices.command("show")
def show_device(tenant: Tenant, device: Device, as_json: Json = False) -> None:
    """One device and what it misses."""
    with server() as api:
        row = api.get(f"/tenants/{tenant}/devices/{device}")
    if as_json:
        show_json(row)
        return
    names = ("name", "site", "class", "roles", "criticality", "internet_facing", "redundancy_group", "groups")
    more = ("observe_only", "os_name", "os_version", "agent_version", "last_seen_at", "scanned_at", "reboot_pending")
    show_pairs({name: row[name] for name in (*names, *more, "device_id")})
    console.print()
    columns = ("title", "installed_version", "version", "security", "held_back", "known_from")
    show_rows(row["missing"], columns, False, "it misses nothing")


@devices.command("classify")
def classify_device(
    tenant: Tenant,
    device: Device,
    reason: Why,
    device_class: Annotated[str | None, typer.Option("--class", help="workstation, server, kiosk, ...")] = None,
    role: Annotated[list[str] | None, typer.Option(help="May be given several times.")] = None,
    criticality: Annotated[str | None, typer.Option(help="low, standard, high, mission")] = None,
    group: Annotated[list[str] | None, typer.Option(help="May be given several times.")] = None,
    redundancy_group: Annotated[str | None, typer.Option(help="Of these only some may be down at once.")] = None,
    internet_facing: Annotated[bool | None, typer.Option(help="Reached from the internet.")] = None,
    sacrificial: Annotated[bool | None, typer.Option(help="Client and MSP accept a failure here.")] = None,
    observe_only: Annotated[bool | None, typer.Option(help="Nothing is ever installed here.")] = None,
) -> None:
    """Say what a device is; that decides its ring and window.

    Example: patchring devices classify northwind dc1 --class server --role domain_controller --reason "only one"
    """
    given: dict[str, Any] = {
        "class": device_class,
        "roles": role,
        "criticality": criticality,
        "groups": group,
        "redundancy_group": redundancy_group,
        "internet_facing": internet_facing,
        "sacrificial": sacrificial,
        "observe_only": observe_only,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    with server() as api:
        now = api.get(f"/tenants/{tenant}/devices/{device}")
        row = api.patch(f"/tenants/{tenant}/devices/{device}", {**changes, "reason": reason}, now["row_version"])
    say(f"{row['name']}: {row['class']}, {row['criticality']}, roles {', '.join(row['roles']) or 'none'}")


def explain(
    tenant: Tenant,
    device: Device,
    patch: Annotated[str, typer.Argument(help="Key or id of the patch.")],
    as_json: Json = False,
) -> None:
    """Why is this device not patched?  Example: patchring explain northwind web-1 apt:openssl=3.0.22-1"""
    with server() as api:
        found = api.get(f"/tenants/{tenant}/explain", device=device, patch=patch)
    if as_json:
        show_json(found)
        return
    console.print(found["answer"], style="bold", soft_wrap=True)
    for each in found["reasons"]:
        say(f"  - {each['text']}")
    if found["lost"]:
        console.print("Looked at, and not what decided:", style="dim")
        for each in found["lost"]:
            console.print(f"  - {each['text']}", style="dim", soft_wrap=True)
