"""Who may do what: one table of roles and permissions. A route names the permission that it needs.

A permission is `subject.verb`. Roles are the field's: `auditor` only reads; `client_contact` reads, and
agrees or objects for the client (its approval counts only where the policy asks for its consent); `technician` works
with devices and may stop anything; `patch_administrator` decides what goes out; `service_desk_lead` stops and resumes;
`vcio` reads and places exceptions for clients (a later issue); `operator` is the installation's own and may do all.
What reaches beyond one tenant (`stops.everything`, `known_issues.write`, `principals.manage`) needs all tenants
besides.
"""

from enum import StrEnum


class Permission(StrEnum):
    TENANTS_READ = "tenants.read"
    TENANTS_CREATE = "tenants.create"
    SITES_READ = "sites.read"
    SITES_WRITE = "sites.write"
    DEVICES_READ = "devices.read"
    DEVICES_CLASSIFY = "devices.classify"
    TOKENS_READ = "tokens.read"
    TOKENS_WRITE = "tokens.write"
    POLICY_READ = "policy.read"
    POLICY_APPLY = "policy.apply"
    PATCHES_READ = "patches.read"
    PATCHES_APPROVE = "patches.approve"
    HOLDS_WRITE = "holds.write"
    KNOWN_ISSUES_READ = "known_issues.read"
    KNOWN_ISSUES_WRITE = "known_issues.write"
    SCANS_IMPORT = "scans.import"
    TESTS_RECORD = "tests.record"
    TESTS_WAIVE = "tests.waive"
    PROPOSALS_READ = "proposals.read"
    PROPOSALS_MAKE = "proposals.make"
    PROPOSALS_ANSWER = "proposals.answer"
    ROLLOUTS_READ = "rollouts.read"
    ROLLOUTS_START = "rollouts.start"
    ROLLOUTS_HALT = "rollouts.halt"
    ROLLOUTS_RESUME = "rollouts.resume"
    ROLLOUTS_ROLL_BACK = "rollouts.roll_back"
    ROLLOUTS_ABANDON = "rollouts.abandon"
    STOPS_READ = "stops.read"
    STOPS_EVERYTHING = "stops.everything"
    SHIFTS_READ = "shifts.read"
    SHIFTS_WRITE = "shifts.write"
    SHIFTS_ACKNOWLEDGE = "shifts.acknowledge"
    EVENTS_READ = "events.read"
    PRINCIPALS_MANAGE = "principals.manage"


class StaffRole(StrEnum):
    OPERATOR = "operator"
    TECHNICIAN = "technician"
    PATCH_ADMINISTRATOR = "patch_administrator"
    SERVICE_DESK_LEAD = "service_desk_lead"
    VCIO = "vcio"
    CLIENT_CONTACT = "client_contact"
    AUDITOR = "auditor"


P = Permission
_READ = frozenset(permission for permission in P if permission.value.endswith(".read"))
_STOP = frozenset({P.ROLLOUTS_HALT, P.STOPS_EVERYTHING})

ROLES: dict[StaffRole, frozenset[Permission]] = {
    StaffRole.OPERATOR: frozenset(P),
    StaffRole.TECHNICIAN: _READ
    | _STOP
    | {P.DEVICES_CLASSIFY, P.TOKENS_WRITE, P.SHIFTS_ACKNOWLEDGE, P.SCANS_IMPORT, P.TESTS_RECORD},
    StaffRole.PATCH_ADMINISTRATOR: frozenset(P) - {P.TENANTS_CREATE, P.PRINCIPALS_MANAGE},
    StaffRole.SERVICE_DESK_LEAD: _READ
    | _STOP
    | {P.ROLLOUTS_RESUME, P.SHIFTS_WRITE, P.SHIFTS_ACKNOWLEDGE, P.TESTS_RECORD, P.TESTS_WAIVE},
    StaffRole.VCIO: _READ,
    StaffRole.CLIENT_CONTACT: _READ - {P.TOKENS_READ, P.STOPS_READ, P.SHIFTS_READ} | {P.PATCHES_APPROVE},
    StaffRole.AUDITOR: _READ,
}
