"""The policy as a document that a client reads and signs."""

import asyncio
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from patchring.api.people.door import Ask, in_tenant
from patchring.api.people.paging import NUMBER_MAX
from patchring.api.people.texts import Name
from patchring.app.permissions import Permission as P
from patchring.app.policy_documents import print_policy
from patchring.report.html import html
from patchring.report.pdf import pdf

router = APIRouter(tags=["policy"])
MEDIA = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
# The page needs nothing but its own style: whatever a text would bring in is not fetched and not run.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
DAY_MIN, DAY_MAX = date(2000, 1, 1), date(2199, 12, 31)


@router.get(
    "/tenants/{tenant}/policy/document",
    response_class=Response,
    responses={200: {"description": "The document.", "content": {"text/html": {}, "application/pdf": {}}}},
)
async def show_policy_document(
    ask: Annotated[Ask, in_tenant(P.POLICY_READ)],
    as_: Annotated[Literal["html", "pdf"], Query(alias="format", description="What is answered.")] = "html",
    version: Annotated[int | None, Query(ge=1, le=NUMBER_MAX, description="Not the one in force: this one.")] = None,
    dates_from: Annotated[
        date | None, Query(alias="from", ge=DAY_MIN, le=DAY_MAX, description="Count the next dates from this day.")
    ] = None,
    provider: Annotated[Name | None, Query(description="The MSP's name, as the document prints it.")] = None,
) -> Response:
    """The policy in plain language, eight sections, to be read and signed."""
    printed = await print_policy(ask.who, ask.tenant_id, version, dates_from, provider or "")
    made = await asyncio.to_thread(html if as_ == "html" else pdf, printed.document)
    name = f'inline; filename="{printed.file_name}.{as_}"'
    headers = {"content-disposition": name, "content-security-policy": POLICY, "x-content-type-options": "nosniff"}
    return Response(made, media_type=MEDIA[as_], headers=headers)
