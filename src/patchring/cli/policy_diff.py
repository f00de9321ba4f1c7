"""`patchring policy diff`: what a text would change, in its values and for the devices of a tenant."""

from pathlib import Path
from typing import Annotated, Any

import typer

from patchring.cli.client import path
from patchring.cli.errors import CliError
from patchring.cli.output import Json, console, say, server, show_json
from patchring.cli.policy_files import read_policy
from patchring.core.policy.compare import changed_values
from patchring.core.reason import counted

Before = Annotated[
    Path, typer.Argument(metavar="PATH", exists=True, help="A text, a file of a tenant, or a tree with --tenant.")
]
After = Annotated[Path | None, typer.Argument(metavar="OTHER", exists=True, help="A second one, of any of these.")]


def diff(
    one: Before,
    other: After = None,
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="Short name of the tenant.")] = "",
    version: Annotated[int | None, typer.Option(min=1, help="Not against the version in force, but this one.")] = None,
    as_json: Json = False,
) -> None:
    """What a text would change. With a tenant: against what is in force there, over its devices and patches now.

    Two texts on this machine are compared value by value, without a server. Exit code 1 when something differs.

    Example: patchring policy diff policies/ --tenant northwind
    """
    if other is not None:
        found = _texts(one, other, tenant)
    elif tenant:
        found = _fleet(one, tenant, version)
    else:
        raise CliError("expected a second text, or --tenant to compare with what is in force there; got one text alone")
    if as_json:
        show_json(found)
    else:
        _show(found)
    if any(found[name]["count"] for name in _SECTIONS if name in found):
        raise typer.Exit(1)


_SECTIONS = ("values", "devices", "decisions", "soon")


def _texts(one: Path, other: Path, tenant: str) -> dict[str, Any]:
    (_, before), (_, after) = read_policy(one, tenant), read_policy(other, tenant)
    rows = [
        {"path": c.path, "before": c.before, "after": c.after, "layer": c.layer} for c in changed_values(before, after)
    ]
    return {"values": {"count": len(rows), "items": rows}}


def _fleet(one: Path, tenant: str, version: int | None) -> dict[str, Any]:
    with server() as api:
        about = api.get(path("tenants", tenant))
        text, _ = read_policy(one, about["slug"])
        body = {"text": text} | ({"version": version} if version else {})
        found: dict[str, Any] = api.post(path("tenants", tenant, "policy", "compare"), body)
    return found


def _show(found: dict[str, Any]) -> None:
    if "version" in found:
        fleet = f"{counted(found['device_count'], 'device')}, {_patches(found['patch_count'])} missing somewhere"
        say(f"Version {found['version']} ({found['before']['title']}) and {found['after']['title']}; {fleet}")
    _section(found, "values", "values of the text differ", _value)
    _section(found, "devices", "groups of devices move", _move)
    _section(found, "decisions", "decisions differ", _decision)
    _section(found, "soon", "would begin by themselves within 24 hours, and do not now", _begins)
    if not any(found[name]["count"] for name in _SECTIONS if name in found):
        say("Nothing differs.")


def _section(found: dict[str, Any], name: str, title: str, told: Any) -> None:
    part = found.get(name)
    if not part or not part["count"]:
        return
    console.print(f"\n[bold]{part['count']} {title}[/bold]")
    for item in part["items"]:
        say(f"  {told(item)}")
    if part["count"] > len(part["items"]):
        say(f"  and {part['count'] - len(part['items'])} more")


def _patches(count: int) -> str:
    return f"{count} patch" if count == 1 else f"{count} patches"


def _value(item: dict[str, Any]) -> str:
    layer = f"  ({item['layer']})" if item["layer"] else ""
    if not item["before"]:
        return f"+ {item['path']}: {item['after']}{layer}"
    if not item["after"]:
        return f"- {item['path']}: {item['before']}{layer}"
    return f"~ {item['path']}: {item['before']} -> {item['after']}{layer}"


def _devices(item: dict[str, Any]) -> str:
    names, count = item["device_names"], item["device_count"]
    shown = ", ".join(names[:3])
    return shown if count <= 3 else f"{shown} and {count - 3} more"


def _move(item: dict[str, Any]) -> str:
    return f"{item['field']} {item['before']} -> {item['after']}: {_devices(item)}"


def _decision(item: dict[str, Any]) -> str:
    sides = [
        f"{item[side] or 'nothing'} ({item[f'rule_{side}']})" if item[f"rule_{side}"] else item[side] or "nothing"
        for side in ("before", "after")
    ]
    return f"{item['patch_key']}: {sides[0]} -> {sides[1]}: {_devices(item)}"


def _begins(item: dict[str, Any]) -> str:
    return f"{item['patch_key']} in {item['segment']}: {_devices(item)}"
