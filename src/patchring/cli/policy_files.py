"""Policy texts on this machine: one file, one layer with its baseline, or a whole tree of tenants."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from patchring.cli.errors import CliError
from patchring.cli.output import say, show_json
from patchring.core.policy.model import Policy
from patchring.policyfile import Checked, PolicyInvalid, Tree, check, check_layer, check_tree
from patchring.policyfile.strays import BASELINE, there
from patchring.policyfile.tree import read_text


@dataclass(frozen=True)
class Looked:
    """One text that was looked at. `name` is its file, or its tenant in a tree."""

    name: str
    checked: Checked


def looked_at(path: Path) -> Iterator[Looked]:
    """A text; a tree or its baseline: the baseline, then each tenant; a file of a tenant: that tenant; another layer:
    with the baseline that is beside or above it. Raises CliError."""
    today = datetime.now(UTC).date()
    tree = Tree.around(path)
    try:
        if tree is None:
            yield Looked(str(path), check(_text(path), str(path), today))
            return
        tenant = tree.tenant_of(path)
        if tenant is None and path.is_file() and path.absolute() != tree.baseline.absolute():
            yield Looked(str(path), check_layer(tree, path, today))
            return
        if tenant is None:
            yield Looked(str(tree.baseline), check_layer(tree, tree.baseline, today).with_more(tree.unread()))
        for name, checked in check_tree(tree, [tenant] if tenant else tree.tenants, today):
            yield Looked(name, checked)
    except PolicyInvalid as invalid:
        raise CliError(str(invalid)) from invalid


def _text(path: Path) -> str:
    if path.is_dir():
        near = there(path, BASELINE) or "; expected a file, or a tree as in docs/policy.md"
        raise CliError(f"{path} is a folder without a {BASELINE}{near}")
    return read_text(path)


def read_policy(path: Path, tenant: str, *, warn: bool = False) -> tuple[str, Policy]:
    """The text of a file, or of a tenant of a tree, without an error; `tenant` may be empty for a tenant's own file.
    `warn` prints what is warned of. Raises CliError with every error, file and line."""
    tree = Tree.around(path)
    theirs = tree.tenant_of(path) if tree else None
    if tree and (path.is_dir() or theirs):
        text, found = _of_tree(tree, _chosen(tree, theirs, tenant))
    else:
        text = _text(path)
        found = check(text, str(path), datetime.now(UTC).date())
    if found.policy is None:
        raise CliError(f"{path} is not a valid policy:\n" + "\n".join(each.told(str(path)) for each in found.errors))
    for each in found.warnings if warn else ():
        say(each.told(str(path)))
    return text, found.policy


def _of_tree(tree: Tree, tenant: str) -> tuple[str, Checked]:
    try:
        [(_, found)] = check_tree(tree, [tenant], datetime.now(UTC).date())
        # What cannot be read has no stream; its problems are in what was found.
        return (tree.stream(tenant) if found.policy else ""), found
    except PolicyInvalid as invalid:
        raise CliError(str(invalid)) from invalid


def _chosen(tree: Tree, theirs: str | None, tenant: str) -> str:
    """The tenant that was asked for, or whose file it is; of a whole tree one has to be named."""
    known = ", ".join(tree.tenants) or "none yet"
    if not theirs and not tenant:
        raise CliError(f"{tree.root} is a tree of tenants; name one with --tenant: {known}")
    if theirs and tenant and theirs != tenant:
        raise CliError(f"that is a file of {theirs}, got the tenant {tenant}; expected one of the same")
    return tenant or theirs or ""


def show_problems(all_looked: list[Looked], as_json: bool) -> bool:
    """Prints what is to be said, each thing once; whether there was an error."""
    told = dict.fromkeys(each.told(looked.name) for looked in all_looked for each in looked.checked.problems)
    errors = sum(bool(looked.checked.errors) for looked in all_looked)
    if as_json:
        show_json([_as_json(looked) for looked in all_looked])
        return errors > 0
    for line in told:
        say(line)
    return errors > 0


def _as_json(looked: Looked) -> dict[str, Any]:
    problems = [
        {"source": each.source or looked.name, "line": each.line, "path": each.path, "text": each.text}
        | {"severity": each.severity.value}
        for each in looked.checked.problems
    ]
    policy = looked.checked.policy
    about = {"title": policy.title, "fingerprint": policy.fingerprint} if policy else {}
    return {"name": looked.name, "valid": policy is not None, **about, "problems": problems}
