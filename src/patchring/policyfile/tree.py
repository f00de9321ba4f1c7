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

from patchring.policyfile.errors import PolicyInvalid, Problem, in_order
from patchring.policyfile.load import Checked, check_documents, fingerprint
from patchring.policyfile.pages import Keys
from patchring.policyfile.reading import normalised, read_stream

BASELINE = "baseline.yaml"
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
        """Whose file it is; None: the baseline, or no file of a tenant."""
        inside = file.absolute().relative_to(self.root.absolute()).parts
        return inside[1] if len(inside) > 2 and inside[0] == "tenants" else None

    def files(self, tenant: str) -> list[Path]:
        """The files of a tenant, the widest first. Raises PolicyInvalid when it has none."""
        folder = self.root / "tenants" / tenant
        if not (folder / "policy.yaml").is_file():
            known = ", ".join(self.tenants) or "none yet"
            text = f"there is no tenants/{tenant}/policy.yaml; the tenants here are {known}"
            raise PolicyInvalid(str(self.root), [Problem(0, "", text)])
        local = [*sorted(folder.glob("sites/*.yaml")), *sorted(folder.glob("groups/*.yaml"))]
        return [self.baseline, folder / "policy.yaml", *local]

    def stream(self, tenant: str) -> str:
        """The text of a tenant: what is signed and enforced. Raises PolicyInvalid."""
        return joined([read_text(file) for file in self.files(tenant)])


def check_tree(tree: Tree, tenants: Sequence[str], today: date | None = None) -> Iterator[tuple[str, Checked]]:
    """Each tenant with what is to be said of its files; the baseline, which all have, is read once."""
    baseline_text = read_text(tree.baseline)
    try:
        baseline = _documents(tree.baseline, baseline_text)
    except PolicyInvalid as invalid:
        yield "", unreadable(invalid)
        return
    for tenant in tenants:
        files = tree.files(tenant)[1:]
        texts = [read_text(file) for file in files]
        try:
            documents = [each for file, text in zip(files, texts, strict=True) for each in _documents(file, text)]
        except PolicyInvalid as invalid:
            yield tenant, unreadable(invalid)
            continue
        yield tenant, check_documents([*baseline, *documents], fingerprint(joined([baseline_text, *texts])), today)


def check_layer(tree: Tree, file: Path, today: date | None = None) -> Checked:
    """One layer that no tenant of the tree has, over the tree's baseline; or a text that needs none: the baseline
    itself, a policy that stands alone, a stream."""
    text, baseline = read_text(file), read_text(tree.baseline)
    try:
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
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PolicyInvalid(str(file), [Problem(0, "", f"expected UTF-8, got something else: {error}")]) from error


def _documents(file: Path, text: str) -> list[Keys]:
    """One layer a file. Raises PolicyInvalid."""
    documents = read_stream(normalised(text), str(file))
    for more in documents[1:]:
        page = more.mark.page
        raise PolicyInvalid(str(file), [Problem(page.offset, "", "expected one layer in a file of a tree, got more")])
    return documents
