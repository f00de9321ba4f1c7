"""The rules of the database, checked against its catalogue.

A tenant table is every table of the schema `patchring` that is not listed in OPERATOR_TABLES. Its rules: tenant_id
leads every key; row-level security is on, also for the owner, with one policy of one form. The programs' roles own
nothing and have no power beyond rows. Each rule is a function that yields what breaks it; exceptions are listed
here with their reason, and nowhere else.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from patchring.store.catalogue import Catalogue, Relation

SCHEMA = "patchring"
PRIVATE_SCHEMA = "patchring_private"

# Tables that no tenant owns, and why their rows may be seen without a scope.
OPERATOR_TABLES: Mapping[str, str] = {
    "patchring.tenant_directory": "names which tenants exist: a short name finds its id before a scope can be set",
    "patchring.principal": "people and programs of the operator; a token is looked up before its tenants are known",
    "patchring.principal_tenant": "which tenants a principal was given: read to make the scope",
    "patchring.campaign": "a patch on its way through all tenants: names the patch and no tenant",
    "patchring.campaign_rollout": "which rollouts a campaign is made of: the dispatcher pools evidence by these ids",
    "patchring.stop": "what must not start, also everywhere; read by every permit; keys hold ids, no client's data",
    "patchring.proposal": "what the MSP proposes about a patch to many tenants: names the patch and no tenant",
    "patchring.known_issue": "what breaks devices of some kind, for every tenant: names patches and no tenant",
    "patchring.due": "what a worker looks at next, over all tenants: ids and instants only",
    "patchring.evidence": "counts pooled over tenants without their names",
    "patchring.gate_facet": "how many devices each part of the fleet has for a patch, pooled; no tenant is named",
    "patchring.gate_evidence": "what was seen after a patch, pooled without names of tenants",
    "patchring.gate_record": "what each verdict on pooled evidence was given on; no tenant is named",
    "patchring.feed": "which feeds there are and how old they are: no client's data",
    "patchring.feed_observation": "what was known of the public feeds when",
    "patchring.catalogue": "what public feeds say of patches and vulnerabilities",
    "patchring.advisory_line": "which packages public advisories are about",
    "patchring.score": "public scores of vulnerabilities",
    "patchring.idempotency": "belongs to a principal, who may act for many tenants",
    "patchring.refusal_count": "refused messages by day and route: nobody's, as their sender is not known",
}

# Functions that run with their owner's rights, and why they have to.
DEFINER_FUNCTIONS: Mapping[str, str] = {
    "patchring.scope()": "reads the key of tenant scopes, which nobody else may",
}

# Functions that read the clock, and why the instant is not a parameter.
CLOCK_FUNCTIONS: Mapping[str, str] = {
    "patchring.scope()": "expiries of security use real time",
}

_POLICY = "tenant_id=ANY(SELECTpatchring.scope()ASscope::uuid[])"
_ROW_PRIVILEGES = {"SELECT", "INSERT", "UPDATE", "DELETE"}
_CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(|\bcurrent_(date|time)"
)
_CHANCE = re.compile(r"\b(gen_random_uuid|uuidv7|uuidv4|random|nextval)\s*\(")


@dataclass(frozen=True)
class Violation:
    """What breaks a rule: the rule's name, the thing, and a sentence."""

    rule: str
    thing: str
    says: str


Found = Iterator[tuple[str, str]]
Rule = Callable[[Catalogue], Found]


def violations(catalogue: Catalogue) -> list[Violation]:
    """Everything that breaks a rule; empty when all is well."""
    return [Violation(name, thing, says) for name, rule in RULES.items() for thing, says in rule(catalogue)]


def tenant_tables(catalogue: Catalogue) -> list[Relation]:
    tables = [relation for relation in catalogue.relations if relation.is_table and relation.schema == SCHEMA]
    return [table for table in tables if table.name not in OPERATOR_TABLES]


def has_tenant(catalogue: Catalogue) -> Found:
    for table in tenant_tables(catalogue):
        column = catalogue.columns_of.get(table.name, {}).get("tenant_id")
        if column is None:
            yield table.name, "has no tenant_id and is not in OPERATOR_TABLES with a reason"
        elif (column.type, column.required) != ("uuid", True):
            yield table.name, f"has a tenant_id that is {column.type} and not uuid NOT NULL"


def operator_tables_are_real(catalogue: Catalogue) -> Found:
    known = {relation.name for relation in catalogue.relations if relation.is_table}
    for name, reason in OPERATOR_TABLES.items():
        if name not in known or not reason:
            yield name, "is in OPERATOR_TABLES but is no table, or has no reason"


def tenant_leads_keys(catalogue: Catalogue) -> Found:
    for table in tenant_tables(catalogue):
        keys = [key for key in catalogue.keys if key.relation == table.name]
        if not any(key.is_primary for key in keys):
            yield table.name, "has no primary key"
        for key in keys:
            if key.excluding and key.columns[0] != "tenant_id":
                yield f"{table.name}.{key.name}", "is unique over all tenants; tenant_id comes first in it"


def tenant_in_references(catalogue: Catalogue) -> Found:
    tenants = {table.name for table in tenant_tables(catalogue)}
    for key in catalogue.foreign_keys:
        if key.target in tenants and (key.columns[0], key.target_columns[0]) != ("tenant_id", "tenant_id"):
            yield f"{key.relation}.{key.name}", f"could refer to another tenant's {key.target}; tenant_id comes first"


def rows_are_secured(catalogue: Catalogue) -> Found:
    for table in tenant_tables(catalogue):
        if not (table.secured and table.forced):
            yield table.name, "needs ENABLE and FORCE ROW LEVEL SECURITY: call patchring_private.protect"


def policies_have_one_form(catalogue: Catalogue) -> Found:
    for table in tenant_tables(catalogue):
        policies = [policy for policy in catalogue.policies if policy.relation == table.name]
        if len(policies) != 1:
            yield table.name, f"has {len(policies)} policies where there is one"
        for policy in policies:
            forms = {re.sub(r"[\s()]", "", part) for part in (policy.visible, policy.writable)}
            if forms != {re.sub(r"[()]", "", _POLICY)}:
                yield table.name, f"has a policy of another form: USING {policy.visible} WITH CHECK {policy.writable}"
            if policy.command != "ALL" or not policy.permissive or policy.roles:
                yield table.name, "has a policy that is not for all commands and everybody"


def logins_have_no_powers(catalogue: Catalogue) -> Found:
    known = {login.name for login in catalogue.logins}
    for name in catalogue.names.logins:
        if name not in known:
            yield name, "does not exist"
    for login in catalogue.logins:
        if login.powers:
            yield login.name, f"has {', '.join(login.powers)}"
        if login.member_of:
            yield login.name, f"is a member of {', '.join(login.member_of)}"
        if login.owned_count:
            yield login.name, f"owns {login.owned_count} things"


def grants_are_about_rows(catalogue: Catalogue) -> Found:
    ours = {*catalogue.names.logins, "PUBLIC"}
    allowed = {"schema": {"USAGE"}, "relation": _ROW_PRIVILEGES, "column": _ROW_PRIVILEGES, "function": {"EXECUTE"}}
    for grant in catalogue.grants:
        if grant.grantee == "PUBLIC":
            yield grant.object, f"is open to everybody ({grant.privilege})"
        elif grant.grantee in ours and grant.privilege not in allowed[grant.kind]:
            yield grant.object, f"gives {grant.privilege} to {grant.grantee}"
        elif grant.grantee in ours and grant.grantable:
            yield grant.object, f"lets {grant.grantee} pass on {grant.privilege}"


def private_is_private(catalogue: Catalogue) -> Found:
    for grant in catalogue.grants:
        private = grant.object == PRIVATE_SCHEMA or grant.object.startswith(f"{PRIVATE_SCHEMA}.")
        if private and grant.grantee in catalogue.names.logins:
            yield grant.object, f"is the owner's alone, and {grant.grantee} has {grant.privilege}"


def no_way_around_security(catalogue: Catalogue) -> Found:
    for relation in catalogue.relations:
        if relation.kind == "v" and not {"security_invoker=true", "security_invoker=on"} & set(relation.options):
            yield relation.name, "is a view without security_invoker: it would show its owner's rows"
        if relation.kind == "m":
            yield relation.name, "is a materialized view, which knows no row-level security"
        if relation.kind == "f":
            yield relation.name, "is a foreign table, which knows no row-level security"


def no_shared_sequences(catalogue: Catalogue) -> Found:
    for relation in catalogue.relations:
        if relation.kind == "S":
            yield relation.name, "is a sequence: it ties tenants together and tells one how busy the others are"


def keys_are_leakproof(catalogue: Catalogue) -> Found:
    for key in catalogue.keys:
        for name in key.columns:
            column = catalogue.columns_of[key.relation].get(name or "")
            if column and (column.kind == "e" or column.type.startswith("numeric")):
                yield f"{key.relation}.{key.name}", f"has {column.type} in it, which no index serves under row security"


def time_has_its_type(catalogue: Catalogue) -> Found:
    for column in catalogue.columns:
        thing = f"{column.relation}.{column.name}"
        if column.name.endswith("_at") and column.type != "timestamp with time zone":
            yield thing, f"is an instant and is {column.type}"
        elif column.name.endswith("_on") and column.type != "date":
            yield thing, f"is a date and is {column.type}"
        elif column.type.startswith(("timestamp", "time ")) and column.type != "timestamp with time zone":
            yield thing, f"is {column.type}: instants are timestamptz"


def definers_are_listed(catalogue: Catalogue) -> Found:
    for function in catalogue.functions:
        if function.definer and function.signature not in DEFINER_FUNCTIONS:
            yield function.signature, "runs with its owner's rights and is not in DEFINER_FUNCTIONS with a reason"
        if function.definer and not any(setting.startswith("search_path=") for setting in function.settings):
            yield function.signature, "runs with its owner's rights and takes the caller's search_path"


def the_instant_is_a_parameter(catalogue: Catalogue) -> Found:
    for column in catalogue.columns:
        if _CLOCK.search((column.default_value or "").lower()):
            yield f"{column.relation}.{column.name}", f"reads the clock ({column.default_value})"
    for function in catalogue.functions:
        if _CLOCK.search(function.source.lower()) and function.signature not in CLOCK_FUNCTIONS:
            yield function.signature, "reads the clock and is not in CLOCK_FUNCTIONS with a reason"


def ids_come_from_outside(catalogue: Catalogue) -> Found:
    for column in catalogue.columns:
        if column.counted or _CHANCE.search((column.default_value or "").lower()):
            yield f"{column.relation}.{column.name}", "is made by the database; ids are made in Python"


RULES: Mapping[str, Rule] = {
    rule.__name__: rule
    for rule in (
        has_tenant,
        operator_tables_are_real,
        tenant_leads_keys,
        tenant_in_references,
        rows_are_secured,
        policies_have_one_form,
        logins_have_no_powers,
        grants_are_about_rows,
        private_is_private,
        no_way_around_security,
        no_shared_sequences,
        keys_are_leakproof,
        time_has_its_type,
        definers_are_listed,
        the_instant_is_a_parameter,
        ids_come_from_outside,
    )
}
