"""The folder in which an MSP keeps its policies under version control:

    baseline.yaml
    tenants/SLUG/policy.yaml            layer: tenant
    tenants/SLUG/sites/NAME.yaml        layer: site NAME
    tenants/SLUG/groups/NAME.yaml       layer: group NAME

A tenant's text is the stream of its files, the widest first; sites and groups in the order of their file names.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from patchring.policyfile import strays
from patchring.policyfile.errors import PolicyInvalid, Problem, in_order
from patchring.policyfile.load import Checked, check_documents, fingerprint
from patchring.policyfile.pages import Keys
from patchring.policyfile.placement import misnamed, misplaced
from patchring.policyfile.reading import normalised, read_stream
from patchring.policyfile.strays import BASELINE, LOCAL, POLICY, TENANTS

_OPENS = re.compile(r"((?:[ \t]*(?:#[^\n]*)?\n)*)---[ \t]*(?:#[^\n]*)?(?=\n)")


@dataclass(frozen=True)
class Tree:
    """A folder that has a baseline."""

    root: Path

    @classmethod
    def around(cls, path: Path) -> "Tree | None":
        """The tree that a file or folder is, or lies in; None: there is no baseline above it."""
        for folder in (path, *path.absolute().parents):
            if (folder / BASELINE).is_file():
                return cls(folder)
        return None

    @property
    def baseline(self) -> Path:
        return self.root / BASELINE

    @property
    def tenants(self) -> list[str]:
        """Short names, in their order."""
        return sorted(file.parent.name for file in self.root.glob("tenants/*/policy.yaml"))

    def tenant_of(self, file: Path) -> str | None:
        """Whose file or folder it is; None: the baseline, or no file of a tenant."""
        inside = file.absolute().relative_to(self.root.absolute()).parts
        theirs = len(inside) > 2 or (len(inside) == 2 and file.is_dir())
        return inside[1] if theirs and inside[0] == TENANTS else None

    def files(self, tenant: str) -> list[Path]:
        """The files of a tenant, the widest first. Raises PolicyInvalid when it has none."""
        folder = self.root / TENANTS / tenant
        if not (folder / POLICY).is_file():
            known = ", ".join(self.tenants) or "none yet"
            advice = strays.there(folder, POLICY) or f"; the tenants here are {known}"
            raise PolicyInvalid(str(self.root), [Problem(0, "", f"there is no tenants/{tenant}/{POLICY}{advice}")])
        local = [file for name in LOCAL for file in sorted(folder.glob(f"{name}/*.yaml"))]
        return [self.baseline, folder / POLICY, *(file for file in local if file.is_file())]

    def unread(self, tenant: str = "") -> list[Problem]:
        """Warnings of what nobody reads: beside the files of a tenant; without one: beside the tenants."""
        found = strays.of_tenant(self.root / TENANTS / tenant) if tenant else strays.around_tenants(self.root)
        return list(found)

    def stream(self, tenant: str) -> str:
        """The text of a tenant: what is signed and enforced. Raises PolicyInvalid."""
        return joined([read_text(file) for file in self.files(tenant)])


def check_tree(tree: Tree, tenants: Sequence[str], today: date | None = None) -> Iterator[tuple[str, Checked]]:
    """Each tenant with what is to be said of its files; the baseline, which all have, is read once."""
    try:
        baseline_text = read_text(tree.baseline)
        baseline = _documents(tree.baseline, baseline_text)
    except PolicyInvalid as invalid:
        yield "", unreadable(invalid)
        return
    for tenant in tenants:
        files = tree.files(tenant)[1:]
        try:
            texts, documents = _of_tenant(files)
        except PolicyInvalid as invalid:
            checked = unreadable(invalid)
        else:
            whole = fingerprint(joined([baseline_text, *texts]))
            checked = check_documents([*baseline, *documents], whole, today)
            checked = checked.with_more([each for document in documents for each in misnamed(document)])
        yield tenant, checked.with_more(tree.unread(tenant))


def _of_tenant(files: Sequence[Path]) -> tuple[list[str], list[Keys]]:
    """The texts of a tenant's files, and their documents. Raises PolicyInvalid with what is wrong in any of them."""
    texts: list[str] = []
    documents: list[Keys] = []
    wrong: list[Problem] = []
    for file in files:
        try:
            texts.append(read_text(file))
            documents += _documents(file, texts[-1])
        except PolicyInvalid as invalid:
            wrong += unreadable(invalid).problems
    wrong += [] if wrong else [each for document in documents for each in misplaced(document)]
    if wrong:
        raise PolicyInvalid("", wrong)
    return texts, documents


def check_layer(tree: Tree, file: Path, today: date | None = None) -> Checked:
    """One layer that no tenant of the tree has, over the tree's baseline; or a text that needs none: the baseline
    itself, a policy that stands alone, a stream."""
    try:
        text, baseline = read_text(file), read_text(tree.baseline)
        documents = read_stream(normalised(text), str(file))
        if documents[0].get("layer") in (None, "baseline"):
            return check_documents(documents, fingerprint(text), today)
        documents = [*_documents(tree.baseline, baseline), *documents]
    except PolicyInvalid as invalid:
        return unreadable(invalid)
    return check_documents(documents, fingerprint(joined([baseline, text])), today)


def unreadable(invalid: PolicyInvalid) -> Checked:
    """What is to be said of a file that could not be read, each under its name."""
    problems = [replace(each, source=each.source or invalid.source) for each in invalid.problems]
    return Checked(None, in_order(problems))


def joined(texts: Sequence[str]) -> str:
    """One stream of several documents."""
    return "---\n".join(_one(normalised(text)) for text in texts)


def _one(text: str) -> str:
    """A file's text as one document. Its own `---` becomes a remark, so that every line keeps its number."""
    opened = _OPENS.match(text)
    text = f"{text[: opened.end(1)]}# {text[opened.end(1) :]}" if opened else text
    return text if text.endswith("\n") else f"{text}\n"


def read_text(file: Path) -> str:
    """Raises PolicyInvalid for what is not UTF-8."""
    content = file.read_bytes()
    try:
        return content.decode().replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        text = f"expected UTF-8, got the byte 0x{content[error.start]:02x}; save the file as UTF-8"
        raise PolicyInvalid(str(file), [Problem(line, "", text)]) from error


def _documents(file: Path, text: str) -> list[Keys]:
    """One layer a file. Raises PolicyInvalid."""
    documents = read_stream(normalised(text), str(file))
    for more in documents[1:]:
        page = more.mark.page
        raise PolicyInvalid(str(file), [Problem(page.offset, "", "expected one layer in a file of a tree, got more")])
    return documents
