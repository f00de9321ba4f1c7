"""What people are answered, typed: tenants, sites, tokens, devices, policies, events. Instants are UTC."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


class Answer(BaseModel):
    """Built from a row; columns that are not named here are left out."""

    model_config = ConfigDict(populate_by_name=True, extra="ignore")


class Page(Answer, Generic[Item]):
    """One page of a list. `next` is null on the last one."""

    items: list[Item]
    next: str | None = Field(description="Give it back as `cursor` for the page that follows.")


class Reason(Answer):
    """Why: a stable code, a sentence, and the numbers that the sentence used."""

    code: str
    text: str
    numbers: dict[str, str] = {}


class Health(Answer):
    state: Literal["ok"]


class Asker(Answer):
    """Who the token belongs to. `all_tenants`: also those that are made later."""

    name: str
    role: str
    permissions: list[str]
    all_tenants: bool


class Server(Answer):
    """What a root has to name (`permit_key`) and an agent has to pin (`server_fingerprint`, `-` without TLS)."""

    version: str
    permit_key: str
    server_fingerprint: str
    agents_address: str
    principal: Asker


class Root(Answer):
    """`document` is the signed root as it was handed in."""

    version: int
    document: dict[str, Any]
    created_at: datetime


class Tenant(Answer):
    """`policy_version` null: no policy yet, so nothing is done by itself."""

    tenant_id: UUID
    slug: str
    name: str
    kind: Literal["operator", "client"]
    device_count: int
    policy_version: int | None
    created_at: datetime
    row_version: int


class TenantWithRoots(Tenant):
    roots: list[Root]


class Site(Answer):
    site_id: UUID
    name: str
    zone: str
    created_at: datetime
    row_version: int


class Token(Answer):
    """An enrolment token without its secret."""

    token_id: UUID
    site: str
    expires_at: datetime
    use_count: int
    use_count_max: int
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


class NewToken(Token):
    """`token` is shown here and never again; null when this answer is a repetition."""

    token: str | None


class Device(Answer):
    """`internet_facing` null: nobody knows, so it counts as exposed. `last_seen_at` null: never."""

    device_id: UUID
    name: str
    site_id: UUID
    site: str
    state: str
    device_class: str = Field(alias="class")
    roles: list[str]
    criticality: str
    internet_facing: bool | None
    redundancy_group: str | None
    groups: list[str]
    sacrificial: bool
    observe_only: bool
    os_name: str
    os_version: str
    enrolled_at: datetime
    last_seen_at: datetime | None
    agent_version: str | None
    reboot_pending: bool | None = Field(description="Null before the first scan.")
    missing_count: int
    row_version: int


class Missing(Answer):
    """`held_back`: why the device's own package manager would not install it now; empty when it would."""

    patch_id: UUID
    patch_key: str
    title: str
    security: bool
    classification: str
    installed_version: str
    version: str
    held_back: str
    known_from: datetime


class DeviceShown(Device):
    """`facts`, `providers` and `probes` are what the newest scan said; null before it. `missing` has the first 200."""

    architecture: str
    zone: str
    boot_id: str | None
    unsent_count: int | None = Field(description="Reports that the agent still keeps.")
    scanned_at: datetime | None
    facts: dict[str, Any] | None
    providers: list[dict[str, Any]] | None
    probes: list[dict[str, Any]] | None
    installed_count: int
    missing: list[Missing]


class Installed(Answer):
    """Software that the newest scan found."""

    provider: str
    name: str
    version: str
    architecture: str


class Explanation(Answer):
    """`answer` is the sentence that decides; `reasons` all that led to it, in order; `lost` the rules that did not;
    `ends` says what would have to change."""

    device: str
    patch: str
    answer: str
    reasons: list[Reason]
    lost: list[Reason]
    ends: list[str]


class Grant(Answer):
    """What a policy allows by rule, in facts that the device checks for itself."""

    rule: str
    actions: list[str]
    provider: str
    names: list[str]
    origins: list[str]
    labels: list[str]
    suites: list[str]


class SegmentRule(Answer):
    name: str
    ring: int
    window: str
    line: int


class PolicyRead(Answer):
    """What a text says; nothing was kept."""

    title: str
    automation: str
    fingerprint: str
    rings: list[str]
    segments: list[SegmentRule]
    grants: list[Grant]


class PolicyVersion(Answer):
    policy_version_id: UUID
    version: int
    fingerprint: str
    created_at: datetime
    created_by: str


class PolicyShown(PolicyVersion):
    """`text` as it was signed; `statement` is the signed document."""

    text: str
    statement: dict[str, Any]


class Event(Answer):
    """One thing that happened. `hash` links the next one to it."""

    seq: int
    at: datetime
    actor: str
    kind: str
    subject_kind: str
    subject_id: str
    data: dict[str, Any]
    policy_fingerprint: str
    hash: str


class ChainedEvent(Event):
    """With what its hash is made over (docs/api.md says how)."""

    tenant_id: UUID
    schema_version: int
    previous_hash: str


class ChainVerdict(Answer):
    """`holds`: nothing that was looked at is broken. `next` null: the end was reached, and is the head that is kept."""

    event_count: int
    last_seq: int
    last_hash: str
    broken_at: list[int]
    holds: bool
    next: int | None
