"""`patchring tests`: what is tried before a patch goes out, on record, and what two persons let go without it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from patchring.cli.client import path
from patchring.cli.errors import CliError
from patchring.cli.output import Json, console, server, show_json, show_rows
from patchring.cli.tenant_commands import Tenant

tests = typer.Typer(help="What is tried before a patch goes out, on record.", no_args_is_help=True)
Patch = Annotated[str, typer.Argument(help="Id or key of the patch.")]
Segment = Annotated[str, typer.Argument(help="Segment of the policy.")]
_WAIVER = ("test_waiver_id", "patch_key", "segment", "asked_by", "confirmed_by", "expires_at", "reason")


def register(app: typer.Typer) -> None:
    app.add_typer(tests, name="tests")


@tests.command("plan")
def show_plan(tenant: Tenant, as_json: Json = False) -> None:
    """What the policy asks to be tried, by segment.

    Example: patchring tests plan northwind
    """
    with server() as api:
        plans = api.get(path("tenants", tenant, "test-plans"))["plans"]
    rows = [{**each, **case} for each in plans for case in each["cases"]]
    if as_json:
        show_json(plans)
        return
    show_rows(rows, ("segment", "ring", "case", "criterion"), False, "the policy asks for no test")


@tests.command("record")
def record_test(
    tenant: Tenant,
    patch: Patch,
    segment: Segment,
    device: Annotated[list[str], typer.Option(help="Where it was tried; again for more.")],
    passed: Annotated[list[str] | None, typer.Option(help="A case that passed; again for more.")] = None,
    failed: Annotated[list[str] | None, typer.Option(help="A case that failed: CASE or CASE=NOTE.")] = None,
    as_json: Json = False,
) -> None:
    """Put on record what you tried. Trying again adds a record; the latest word on each case counts.

    Example: patchring tests record northwind apt:nginx:1.22.1-9 tills --device till-3 --passed "book a sale"
    """
    results = [{"case": name, "passed": True} for name in passed or ()]
    results += [_failed(text) for text in failed or ()]
    if not results:
        raise CliError("expected --passed CASE or --failed CASE; `patchring tests plan` shows the cases")
    body = {"patch": patch, "segment": segment, "devices": device, "results": results}
    with server() as api:
        row = api.post(path("tenants", tenant, "test-records"), body)
    if as_json:
        show_json(row)
    else:
        console.print(f"on record as {row['test_record_id']}: {_how(row)}", markup=False)


@tests.command("list")
def list_records(
    tenant: Tenant,
    patch: Annotated[str, typer.Option(help="Only of this patch.")] = "",
    waivers: Annotated[bool, typer.Option("--waivers", help="What was let go without its tests, instead.")] = False,
    as_json: Json = False,
) -> None:
    """What was tried, newest first.

    Example: patchring tests list northwind --waivers
    """
    if waivers and patch:
        raise CliError("expected --patch or --waivers, not both")
    with server() as api:
        if waivers:
            rows = api.each(path("tenants", tenant, "test-waivers"))
            show_rows(rows, _WAIVER, as_json, "nothing was let go without its tests")
            return
        rows = api.each(path("tenants", tenant, "test-records"), patch=patch)
        columns = ("test_record_id", "patch_key", "segment", "passed", "recorded_at", "recorded_by")
        show_rows(rows, columns, as_json, "nothing is on record: `patchring tests record` does it")


@tests.command("show")
def show_record(
    tenant: Tenant, record_id: Annotated[str, typer.Argument(help="Of the record.")], as_json: Json = False
) -> None:
    """One record with its cases.

    Example: patchring tests show northwind 0193e1a2-7c5e-7d30-8f7e-2b1f5ad0c001
    """
    with server() as api:
        row = api.get(path("tenants", tenant, "test-records", record_id))
    if as_json:
        show_json(row)
        return
    about = f"{row['patch_key']} for {row['segment']} on {', '.join(row['devices'])}, by {row['recorded_by']}"
    console.print(about, markup=False)
    show_rows(row["results"], ("case", "passed", "criterion", "note"), False, "no case")


@tests.command("waive")
def waive_tests(
    tenant: Tenant,
    patch: Patch,
    segment: Segment,
    reason: Annotated[str, typer.Option(help="Why it cannot wait; it is kept in the record.")],
    hours: Annotated[int, typer.Option(min=1, max=720, help="How long it counts.")] = 48,
    as_json: Json = False,
) -> None:
    """Ask that a patch goes out without its tests. Nothing goes before another person has confirmed it.

    Example: patchring tests waive northwind apt:nginx:1.22.1-9 tills --reason "attacked since this morning"
    """
    expires_at = datetime.now(UTC) + timedelta(hours=hours)
    body = {"patch": patch, "segment": segment, "reason": reason, "expires_at": expires_at.isoformat()}
    with server() as api:
        row = api.post(path("tenants", tenant, "test-waivers"), body)
    if as_json:
        show_json(row)
    else:
        said = f"another person confirms it: `patchring tests confirm {tenant} {row['test_waiver_id']}`"
        console.print(said, markup=False)


@tests.command("confirm")
def confirm_waiver(
    tenant: Tenant, waiver_id: Annotated[str, typer.Argument(help="Of the waiver.")], as_json: Json = False
) -> None:
    """Be the second person of a waiver.

    Example: patchring tests confirm northwind 0193e1a2-7c5e-7d30-8f7e-2b1f5ad0c002
    """
    with server() as api:
        row = api.post(path("tenants", tenant, "test-waivers", waiver_id, "confirm"))
    if as_json:
        show_json(row)
    else:
        who = f"{row['asked_by']} and {row['confirmed_by']}"
        console.print(f"{row['patch_key']} goes to {row['segment']} without its tests until {row['expires_at']}: {who}",
                      markup=False)  # fmt: skip


def _failed(text: str) -> dict[str, Any]:
    case, _, note = text.partition("=")
    return {"case": case, "passed": False, "note": note}


def _how(row: dict[str, Any]) -> str:
    return ", ".join(f"{each['case']} {'passed' if each['passed'] else 'failed'}" for each in row["results"])
