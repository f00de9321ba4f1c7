"""`patchring proposal`: what the MSP decides once about a patch over many tenants, and what each makes of it."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from patchring.cli.client import path
from patchring.cli.output import Json, Why, Yes, confirm, server, show_rows, told
from patchring.cli.patch_commands import Patch
from patchring.cli.tenant_commands import Tenant
from patchring.core.policy.reception import ProposalKind

proposal = typer.Typer(help="Decisions put to many tenants, each of which answers by its policy.", no_args_is_help=True)
STATES = ("taken", "open", "refused", "accepted", "declined")
ProposalId = Annotated[str, typer.Argument(help="Id, as `proposal list` shows it.")]


class Decision(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"


def register(app: typer.Typer) -> None:
    app.add_typer(proposal, name="proposal")


@proposal.command("make")
def make(
    kind: Annotated[ProposalKind, typer.Argument(help="What is proposed.")],
    patch: Patch,
    reason: Why,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Put a decision about a patch to every tenant that you were given; the policy of each answers at once.

    Example: patchring proposal make hold apt:nginx=1.22.1-9 --reason "vendor withdrew it"
    """
    confirm(f"Propose to every tenant that you were given to {kind} {patch}?", yes)
    with server() as api:
        row = api.post("/proposals", {"kind": kind.value, "patch": patch, "reason": reason})
    told(row, as_json, f"proposed: {row['proposal_id']}; {_answers(row)}")


@proposal.command("withdraw")
def withdraw(proposal_id: ProposalId, reason: Why, yes: Yes = False, as_json: Json = False) -> None:
    """Take a proposal back: holds that came of it are released, and nobody can accept it any more.

    Example: patchring proposal withdraw 019aaf5e-0000-7000-8000-000000000001 --reason "false alarm"
    """
    confirm(f"Withdraw {proposal_id}? Holds that came of it are released.", yes)
    with server() as api:
        row = api.post(path("proposals", proposal_id, "withdraw"), {"reason": reason})
    released = row["released_count"]
    told(row, as_json, f"withdrawn: to {row['kind']} {row['patch_key']}; holds released: {released}")


@proposal.command("list")
def list_proposals(
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="What became of each in this tenant.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Withdrawn ones too.")] = False,
    as_json: Json = False,
) -> None:
    """Proposals, newest first, with what your tenants made of them, or what one of them answered and why.

    Example: patchring proposal list --tenant northwind
    """
    about = ("proposal_id", "kind", "patch_key")
    with server() as api:
        if tenant:
            rows = api.each(path("tenants", tenant, "proposals"), withdrawn=all_)
            columns = (*about, "reason", "state", "answer", "decided_by", "held", "withdrawn_at")
            show_rows(rows, columns, as_json, "nothing was proposed to the tenant")
        else:
            rows = api.each("/proposals", withdrawn=all_)
            more = ("reason", "proposed_by", "proposed_at", ("answers", _answers), "withdrawn_at")
            show_rows(rows, (*about, *more), as_json, "nothing was proposed")


@proposal.command("answer")
def answer(
    tenant: Tenant,
    proposal_id: ProposalId,
    decision: Annotated[Decision, typer.Argument(help="Once; it is not taken back.")],
    reason: Why,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Answer what a tenant's policy left open. Accepting a hold places it; the rest takes a signed approval besides.

    Example: patchring proposal answer northwind 019aaf5e-0000-7000-8000-000000000001 accept --reason "we looked"
    """
    confirm(f"{decision.capitalize()} {proposal_id} for {tenant}? It is answered once.", yes)
    body = {"accept": decision is Decision.ACCEPT, "reason": reason}
    with server() as api:
        row = api.post(path("tenants", tenant, "proposals", proposal_id, "answer"), body)
    told(row, as_json, f"{row['state']}: to {row['kind']} {row['patch_key']}; {_follows(row)}")


def _answers(row: Any) -> str:
    """How many tenants made what of it; those that none did are left out."""
    counts = [f"{row[f'{state}_count']} {state}" for state in STATES if row[f"{state}_count"]]
    return ", ".join(counts) or "no tenant answered"


def _follows(row: Any) -> str:
    if row["state"] == "declined":
        return "nothing comes of it"
    if row["kind"] == ProposalKind.HOLD:
        return f"held: {row['hold_id']}"
    return "it goes out when it is approved, with a signature"
