"""The whole document of an edition. Nothing here reads a clock: the same edition gives the same document."""

from collections.abc import Iterator
from dataclasses import replace

from patchring.core.policy.people import Duty
from patchring.report.model import Document, Section, Signature, entries
from patchring.report.policy.approvals import approvals_section
from patchring.report.policy.devices import devices_section
from patchring.report.policy.edition import Edition
from patchring.report.policy.escalation import escalation_section
from patchring.report.policy.exceptions import exceptions_section
from patchring.report.policy.folding import folded
from patchring.report.policy.minute import WORDS, minute
from patchring.report.policy.reboots import reboots_section
from patchring.report.policy.remedies import remedies_section
from patchring.report.policy.reporting import reporting_section
from patchring.report.policy.rollout import rollout_section
from patchring.report.words import day, listed

SECTIONS = (
    devices_section,
    approvals_section,
    rollout_section,
    reboots_section,
    exceptions_section,
    remedies_section,
    escalation_section,
    reporting_section,
)
BY_PEOPLE = "By people"


def policy_document(edition: Edition) -> Document:
    """Eight sections, none without an entry; what nobody decided is said as that."""
    edition = replace(edition, policy=folded(edition.policy))
    sections = tuple(section(edition) for section in SECTIONS)
    return Document(
        title="Update policy",
        client=edition.client,
        subtitle="How your devices are kept up to date",
        made_on=edition.in_force_on or edition.dates_from,
        fingerprint=edition.policy.fingerprint,
        facts=tuple(_facts(edition)),
        minute=minute(edition, sections),
        words=WORDS,
        legend=tuple(_legend(edition, sections)),
        sections=sections,
        promise=_promise(edition),
        signatures=_signatures(edition),
    )


def _facts(edition: Edition) -> Iterator[tuple[str, str]]:
    yield "For", edition.client
    if edition.provider:
        yield "By", edition.provider
    yield "Policy", edition.policy.title
    if edition.version is None:
        yield "State", "A draft: not in force"
        yield "Printed for", day(edition.dates_from)
    else:
        yield "Version", str(edition.version)
        yield "In force since", day(edition.in_force_on or edition.dates_from)
    if edition.has_baseline:
        own = [edition.set_for(layer) for layer in edition.policy.layers if layer != "baseline"]
        yield (
            "Made from",
            f"our baseline for all clients, with rules for {listed(own)}" if own else "our baseline alone",
        )
    if edition.policy.fingerprint:
        yield "Fingerprint", f"{edition.policy.fingerprint[:12]} (in full on the last page)"


def _legend(edition: Edition, sections: tuple[Section, ...]) -> Iterator[tuple[str, str]]:
    found = [each for section in sections for each in entries(section.blocks)]
    if not edition.has_baseline:
        yield "No marks", "This policy stands alone: there is no baseline that it could differ from."
    elif any(each.changed for each in found):
        yield (
            "For you",
            "Made or changed for you, or for the site or group named; the rest is our baseline for all clients.",
        )
    else:
        yield "No marks", "Nothing differs from our baseline for all clients."
    if any(each.by_people for each in found):
        yield BY_PEOPLE, "People do this by hand; Patchring, the program that we use, does not carry it out by itself."


def _promise(edition: Edition) -> str:
    version = "this draft" if edition.version is None else f"version {edition.version} of the policy"
    return (
        f"We have read {version} for {edition.client} and agree that devices are maintained by it. It holds until a "
        "newer version is in force. The text from which this document was made is what Patchring enforces; both have "
        "the fingerprint below."
    )


def _signatures(edition: Edition) -> tuple[Signature, ...]:
    provider = edition.provider or "the service provider"
    return (
        Signature(f"For {edition.client}", "Contact", edition.holder(Duty.CLIENT_CONTACT)),
        Signature(f"For {provider}", "vCIO", edition.holder(Duty.VCIO)),
    )
