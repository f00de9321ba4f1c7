"""`patchring config show`, `patchring server`: what is configured, and who one is."""

import os
from collections.abc import Mapping
from dataclasses import fields

import typer

from patchring.cli.configuration import Said, find_server, keys_folder
from patchring.cli.errors import NotConfigured
from patchring.cli.output import Json, server, show_json, show_pairs, show_rows
from patchring.serve.errors import ConfigurationWrong
from patchring.serve.running import started_with
from patchring.serve.settings import Settings, gather, understand

config = typer.Typer(help="What is configured on this machine, and where each value was said.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(config, name="config")
    app.command("server")(show_server)


@config.command("show")
def show(as_json: Json = False) -> None:
    """Every setting of the command line and of the server on this machine, with its source. Tokens are not printed.

    The server's are those that it was last started with; where this shell would start it with others, the source says
    so. A server that was never started here has what this shell says.

    Example: patchring config show
    """
    rows = [*_client(), *_server()]
    show_rows(rows, ("what", "setting", "value", "source"), as_json, "")


def show_server(as_json: Json = False) -> None:
    """The server that commands go to, and who you are there.  Example: patchring server"""
    with server() as api:
        row = api.get("/server")
        address = api.url
    if as_json:
        show_json({**row, "url": address})
        return
    principal = row["principal"]
    shown = {"url": address, "version": row["version"], "agents": row["agents_address"]}
    who = {"you": principal["name"], "role": principal["role"], "all tenants": principal["all_tenants"]}
    show_pairs({**shown, "permit key": row["permit_key"], **who, "permissions": principal["permissions"]})


def _client() -> list[dict[str, str]]:
    found = find_server(os.environ)
    folder_source = "environment PATCHRING_KEYS" if os.environ.get("PATCHRING_KEYS") else "default"
    token = Said("(known, not printed)", found.token.source) if found.token else Said("(none)", found.looked_in)
    said = {"url": found.url, "token": token, "keys": Said(str(keys_folder()), folder_source)}
    return [{"what": "client", "setting": name, "value": v.value, "source": v.source} for name, v in said.items()]


def _server() -> list[dict[str, str]]:
    try:
        inputs = gather(os.environ, {})
        settings = understand(inputs)
    except ConfigurationWrong as error:
        raise NotConfigured(str(error)) from error
    started = started_with(settings.home)
    return [
        _row(
            field.name,
            str(getattr(settings, field.name)),
            inputs[field.name].source if field.name in inputs else "default",
            started,
        )
        for field in fields(Settings)
    ]


def _row(name: str, here: str, source: str, started: Mapping[str, str]) -> dict[str, str]:
    value = started.get(name, here)
    if value != here:
        source = f"the server as it was last started (this shell: {here}, {source})"
    return {"what": "server", "setting": name, "value": _hidden(name, value), "source": source}


def _hidden(name: str, value: str) -> str:
    """A database's address may hold a password."""
    return "(set, not printed)" if name == "database_url" and value else value
