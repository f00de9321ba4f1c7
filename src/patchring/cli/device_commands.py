"""`patchring devices | explain`."""

from typing import Annotated, Any

import typer

from patchring.cli.client import path
from patchring.cli.output import Json, Why, console, reasons_text, say, server, show_json, show_pairs, show_rows, told
from patchring.cli.tenant_commands import Tenant

devices = typer.Typer(help="Managed machines.", no_args_is_help=True)
Device = Annotated[str, typer.Argument(help="Name or id of the device.")]


def register(app: typer.Typer) -> None:
    app.add_typer(devices, name="devices")
    app.command("explain")(explain)


@devices.command("list")
def list_devices(
    tenant: Tenant,
    words: Annotated[str | None, typer.Option(help="Part of the name.")] = None,
    device_class: Annotated[str | None, typer.Option("--class", help="Only this class.")] = None,
    criticality: Annotated[str | None, typer.Option(help="Only low, standard, high or mission.")] = None,
    role: Annotated[str | None, typer.Option(help="Only with this role.")] = None,
    group: Annotated[str | None, typer.Option(help="Only in this group.")] = None,
    site: Annotated[str | None, typer.Option(help="Only at this site.")] = None,
    silent_since: Annotated[str | None, typer.Option(help="Not heard of since, such as 2026-11-01T00:00Z.")] = None,
    as_json: Json = False,
) -> None:
    """Devices of a tenant, with what they miss.  Example: patchring devices list northwind --class server"""
    wanted = {"words": words, "class": device_class, "criticality": criticality, "role": role, "group": group}
    with server() as api:
        rows = api.each(path("tenants", tenant, "devices"), **wanted, site=site, silent_since=silent_since)
        columns = ("name", "site", "class", "criticality", "roles", "missing_count", "reboot_pending", "last_seen_at")
        show_rows(rows, columns, as_json, "no devices: patchring tokens create")


@devices.command("show")
def show_device(tenant: Tenant, device: Device, as_json: Json = False) -> None:
    """One device and what it misses."""
    with server() as api:
        row = api.get(path("tenants", tenant, "devices", device))
    if as_json:
        show_json(row)
        return
    names = ("name", "site", "class", "roles", "criticality", "internet_facing", "redundancy_group", "groups")
    more = ("observe_only", "os_name", "os_version", "agent_version", "last_seen_at", "scanned_at", "reboot_pending")
    show_pairs({name: row[name] for name in (*names, *more, "device_id")})
    console.print()
    columns = ("title", "installed_version", "version", "security", "held_back", "known_from")
    show_rows(row["missing"], columns, False, "it misses nothing")


@devices.command("exposure")
def list_exposure(tenant: Tenant, as_json: Json = False) -> None:
    """Devices of which nobody said whether the internet reaches them; each counts as exposed until somebody does.

    Example: patchring devices exposure northwind
    """
    columns = ("name", "class", ("proposed", _proposed), ("because", lambda row: reasons_text(row["reasons"])))
    with server() as api:
        show_rows(api.each(path("tenants", tenant, "exposure")), columns, as_json, "somebody said it of every device")


@devices.command("software")
def list_software(
    tenant: Tenant,
    device: Device,
    words: Annotated[str, typer.Option(help="Part of the name.")] = "",
    as_json: Json = False,
) -> None:
    """What its newest scan found installed.  Example: patchring devices software northwind web-1 --words ssl"""
    with server() as api:
        rows = api.each(path("tenants", tenant, "devices", device, "installed"), words=words)
        show_rows(rows, ("name", "version", "architecture", "provider"), as_json, "nothing was scanned yet")


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
    as_json: Json = False,
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
    if not changes:
        raise typer.BadParameter("say what it is: --class, --role, --criticality, ...")
    place = path("tenants", tenant, "devices", device)
    with server() as api:
        row = api.patch(place, {**changes, "reason": reason}, api.get(place)["row_version"])
    roles = ", ".join(row["roles"]) or "none"
    told(row, as_json, f"{row['name']}: {row['class']}, {row['criticality']}, roles {roles}")


def explain(
    tenant: Tenant,
    device: Device,
    patch: Annotated[str, typer.Argument(help="Key or id of the patch.")],
    as_json: Json = False,
) -> None:
    """Why is this device not patched?  Example: patchring explain northwind web-1 apt:openssl=3.0.22-1"""
    with server() as api:
        found = api.get(path("tenants", tenant, "explain"), device=device, patch=patch)
    if as_json:
        show_json(found)
        return
    console.print(found["answer"], style="bold", soft_wrap=True, markup=False)
    for each in found["reasons"]:
        say(f"  - {each['text']}")
    if found["ends"]:
        say("What would have to change:")
    for end in found["ends"]:
        say(f"  - {end}")
    if found["lost"]:
        console.print("Looked at, and not what decided:", style="dim")
        for each in found["lost"]:
            console.print(f"  - {each['text']}", style="dim", soft_wrap=True, markup=False)


def _proposed(row: Any) -> str:
    words = {True: "exposed", False: "not exposed", None: "unknown"}
    return words[row["proposed"]]
