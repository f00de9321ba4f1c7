"""Every `kind` of problem that people can be answered, and what it means; docs/api.md prints it."""

from collections.abc import Mapping

KINDS: Mapping[str, tuple[int, str]] = {
    # what came could not be taken
    "bad_request": (400, "the request could not be read at all"),
    "body_malformed": (400, "the body is not JSON in UTF-8, or is nested too deeply"),
    "not_signed_in": (401, "no bearer token came, or one that is unknown, expired or revoked"),
    "not_allowed": (403, "the role lacks the `permission`, or what is asked for needs all tenants"),
    "not_found": (404, "there is no such address"),
    "method_not_allowed": (405, "the address does not take this method"),
    "body_too_large": (413, "more than `bytes_max` bytes came"),
    "invalid": (422, "a field is not what is expected; `fields` names each place"),
    "zero_character": (422, "a text holds U+0000, which cannot be kept"),
    "cursor_unknown": (422, "the cursor is none that this list gave"),
    "if_match_malformed": (422, "If-Match is no ETag"),
    "key_reused": (422, "the Idempotency-Key was used for another request"),
    "version_missing": (428, "the change needs If-Match with the version that was read"),
    "stale": (412, "somebody changed it since it was read"),
    # commands that were sent again
    "command_repeated": (409, "a command with this Idempotency-Key is under way"),
    "answer_lost": (409, "the command was done and its answer was lost: look at what is there now"),
    # tenants, sites, tokens, principals
    "tenant_not_found": (404, "there is no such tenant among those that you were given"),
    "tenant_exists": (409, "the short name or the id of the tenant is taken"),
    "operator_exists": (409, "there is a tenant of the operator already; there can be one"),
    "site_not_found": (404, "there is no such site in the tenant"),
    "site_exists": (409, "the name of the site is taken in this tenant"),
    "zone_unknown": (422, "the zone is no IANA time zone"),
    "token_not_found": (404, "there is no such enrolment token in the tenant"),
    "principal_not_found": (404, "there is no such principal"),
    "principal_exists": (409, "the name is taken, perhaps by a revoked principal"),
    "own_principal": (409, "nobody revokes himself"),
    # what is signed
    "statement_malformed": (422, "it is no signed document of the kind that belongs here"),
    "statement_not_signed": (422, "not enough approval keys of the root in force signed it, or it has expired"),
    "statement_too_long": (422, "it would hold for longer than ten years"),
    "root_not_found": (404, "the tenant has no root that can be read"),
    "root_unfit": (422, "the root is of another tenant or version, or lacks what a root has to name"),
    "root_not_signed": (422, "not enough root keys of the root before (of itself, for the first) signed it"),
    "root_version_taken": (409, "somebody added this version of the root meanwhile"),
    # policies
    "policy_invalid": (422, "the text is no valid policy; `problems` has each with its line"),
    "policy_not_found": (404, "the tenant has no policy, or not this version"),
    "policy_missing": (409, "the tenant has no policy, so nothing can be decided"),
    "policy_version_taken": (409, "the number is not the next one; `expected` is"),
    "fingerprint_differs": (422, "the statement was signed for another text"),
    "grants_differ": (422, "the statement grants more or less than the text allows by rule"),
    # calendars
    "shift_not_found": (404, "there is no such shift in force in the tenant"),
    "shift_unfit": (422, "a shift ends before it begins, lasts too long, or lies too far ahead"),
    "shift_of_another": (409, "only the person of a shift acknowledges it"),
    "shift_over": (409, "the shift is over"),
    # patches
    "patch_not_found": (404, "there is no such patch in the tenant"),
    "policy_changed": (409, "the approval was signed under a policy that is no longer in force"),
    "approval_of_another": (422, "the approval does not name the installation of this patch at this version"),
    "segment_unknown": (422, "the policy has no such segment"),
    "approval_exists": (409, "the approval was handed in before"),
    "approval_not_found": (404, "there is no such approval in the tenant"),
    "approval_withdrawn": (409, "the approval was withdrawn before"),
    "hold_not_found": (404, "there is no such hold in the tenant"),
    "hold_released": (409, "the hold was released before"),
    # devices, rollouts, stops, events
    "device_not_found": (404, "there is no such device in the tenant"),
    "device_name_ambiguous": (409, "several devices have the name; give the id"),
    "rollout_not_found": (404, "there is no such rollout in the tenant"),
    "rollout_not_started": (409, "nothing was started; `reasons` say why"),
    "illegal_move": (409, "the state of the rollout does not allow this"),
    "stop_key_unknown": (422, "the key is of no form that a permit looks for"),
    "stop_not_found": (404, "no such stop is in force, or it is about nothing of yours"),
    "stop_in_force": (409, "it is stopped already"),
    "event_not_found": (404, "there is no event of this number"),
    # the server's own
    "internal": (500, "a fault of the server; nothing was changed"),
    "database_away": (503, "the database is away or busy; nothing was changed, try again after `retry_after_s`"),
    "outcome_unknown": (504, "the database went away while it was saving: look before doing it again"),
}
