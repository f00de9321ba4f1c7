"""Jinja2, strict and escaping, and the answers that carry a page with its headers."""

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse

from patchring.web import texts

# Nothing inline, nothing from elsewhere, nothing that embeds us: an injected text stays a text.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}


def html(template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page; its own tenant's data is never kept by a cache."""
    text = _environment().get_template(template).render(assets=assets_version(), **context)
    return HTMLResponse(text, status, headers=HEADERS)


def message(
    title: str, *lines: str, status: int = 200, to: str = "", ask_key: bool = False, again: bool = False
) -> HTMLResponse:
    """A page that says one thing. `to`: where it goes on by itself; `ask_key`: with a form to sign in; `again`: it
    asks again by itself after a few seconds."""
    return html("message.html", status, title=title, lines=lines, to=to, ask_key=ask_key, again=again)


def assets_folder() -> Path:
    return Path(__file__).parent / "static"


@cache
def assets_version() -> str:
    """Changes when a style or a script does, so that browsers may keep them for ever."""
    files = sorted(assets_folder().iterdir())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("patchring.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"instant": texts.instant, "clock": texts.clock, "long": texts.long, "age": _age}
    return environment


@pass_context
def _age(context: Context, at: datetime) -> str:
    return texts.age(context["page"].now - at)
