"""What it costs to print a policy: read the tenant's text, make the document, set the PDF, write the page."""

import time
from datetime import date
from pathlib import Path

from bench.figures import Figure, at_most, shown
from patchring.policyfile import Tree, load
from patchring.report.html import html
from patchring.report.pdf import pdf
from patchring.report.policy import Edition, policy_document

EXAMPLE = Path(__file__).parents[1] / "examples" / "policies" / "tree"
SECONDS_MAX = 1.0


def run() -> list[Figure]:
    tree = Tree(EXAMPLE)
    text = tree.stream(tree.tenants[0])
    before = time.process_time()
    made = policy_document(Edition(load(text), "Northwind", date(2026, 11, 23), 1, date(2026, 11, 23)))
    printed = pdf(made)
    pdf_spent = time.process_time() - before
    before = time.process_time()
    page = html(made)
    html_spent = time.process_time() - before
    return [
        shown("size of the PDF", len(printed) // 1024, "KiB"),
        shown("size of the page", len(page.encode()) // 1024, "KiB"),
        at_most("the document as PDF, first of the process", pdf_spent, "s of CPU", SECONDS_MAX),
        at_most("the same as HTML", html_spent, "s of CPU", SECONDS_MAX),
    ]
