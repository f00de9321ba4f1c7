"""Who grants a permit, and how: one transaction that checks everything again and signs inside it.

1. The device's own signature on the request. 2. Shared locks on every stop key, those of the device's facets among
them, in the fixed order. 3. The stops, in a new statement. 4. All facts in one reading; the signed policy and approvals
are checked from their signatures up. 5. `core.permits` decides. 6. One slot of each limit is taken. 7. The action is
claimed and the permit written; two unique indexes have the last word. 8. The answer leaves after the commit. Whatever
fails on the way grants nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from patchring.app.gate.naming import facets_of_device
from patchring.app.gate.stopping import facet_keys
from patchring.app.permits.authorities import Authority
from patchring.app.permits.facts import PermitCase, load_case
from patchring.app.stops import permit_keys, share_locks, stops_in_force
from patchring.app.work import Work, unit_of_work
from patchring.core.clock import Clock
from patchring.core.ids import DeviceId, TenantId
from patchring.core.permits import PermitDenied, PermitGranted, decide_permit
from patchring.core.reason import Reason, as_json
from patchring.store import sql
from patchring.store.database import Database
from patchring.store.ids import new_id
from patchring.store.roles import Role
from patchring.wire.authority import PERMIT_LIFETIME_S, Permit, plan_digest
from patchring.wire.canonical import digest
from patchring.wire.codec import encode
from patchring.wire.messages import PermitAnswer, PermitRequest
from patchring.wire.messages import Reason as WireReason
from patchring.wire.signing import SignedDocument, SigningKey, signature_holds

ACTOR = "signer"
RETRY_AFTER_UNKNOWN_S = 60


class Denied(Exception):
    """Unwinds the transaction of a request that is not granted; carries the reasons out."""

    def __init__(self, reasons: Sequence[Reason], retry_after_s: int) -> None:
        super().__init__("; ".join(reason.text for reason in reasons))
        self.reasons = reasons
        self.retry_after_s = retry_after_s


class PermitOffice:
    """Implements what the signer process serves. Holds the permit key; nothing else in the house does."""

    def __init__(self, database: Database, clock: Clock, key: SigningKey) -> None:
        self._database = database
        self._clock = clock
        self._key = key

    async def ask(self, tenant_id: TenantId, device_id: DeviceId, request: PermitRequest) -> PermitAnswer:
        """The answer to a device's signed request. Raises StoreError when the database cannot be asked."""
        if request.tenant_id != str(tenant_id) or request.device_id != str(device_id):
            return _denied_answer([Reason("request_of_another", "the request names another device")], 0)
        try:
            async with unit_of_work(self._database, Role.SIGNER, self._clock, ACTOR, tenant_id) as work:
                return await self._decide(work, device_id, request)
        except Denied as denied:
            await self._note(tenant_id, device_id, request, denied)
            return _denied_answer(denied.reasons, denied.retry_after_s)

    async def _decide(self, work: Work, device_id: DeviceId, request: PermitRequest) -> PermitAnswer:
        await _check_signature(work, device_id, request)
        address = await work.tx.maybe(sql.permits.action_address, _address(work, device_id, request))
        if address is None:
            raise Denied([Reason("action_unknown", "this device has no such action")], 0)
        keys = permit_keys(
            work.tenant_id, address["patch_key"], address["rollout_id"], address["ring"], address["segment"]
        )
        facets = await facets_of_device(work.tx, work.tenant_id, device_id)
        keys += facet_keys(address["patch_key"], work.tenant_id, [facet.key for facet in facets])
        await share_locks(work.tx, keys)
        stops = await stops_in_force(work.tx, keys)
        if await facets_of_device(work.tx, work.tenant_id, device_id) != facets:
            raise Denied([Reason("device_changed", "what the device is was changed just now; it has to ask again")], 0)
        await _supersede(work, device_id, request)
        case = await load_case(work, device_id, request, stops)
        decision = decide_permit(case.facts, work.now)
        if isinstance(decision, PermitDenied):
            raise Denied(decision.reasons, int(decision.retry_after.total_seconds()))
        assert case.authority is not None, "core granted a permit without an authority"
        await _take_slots(work, case)
        permit, answer = await self._grant(work, device_id, request, case, case.authority)
        _record(work, device_id, permit, address, decision)
        return answer

    async def _grant(
        self, work: Work, device_id: DeviceId, request: PermitRequest, case: PermitCase, authority: Authority
    ) -> tuple[Permit, PermitAnswer]:
        permit = Permit(
            kind="permit",
            permit_id=str(new_id(work.now)),
            tenant_id=str(work.tenant_id),
            device_id=str(device_id),
            action_id=request.action_id,
            action=request.action,
            plan_digest=plan_digest(request.plan),
            authority=digest(authority.document.payload),
            policy_fingerprint=case.policy_fingerprint,
            nonce=request.nonce,
            issued_at_ms=_milliseconds(work.now),
            lifetime_s=PERMIT_LIFETIME_S,
        )
        document = self._key.sign_document(encode(permit))
        if await work.tx.execute(sql.permits.claim_action, {**_address(work, device_id, request), "at": work.now}) != 1:
            raise Denied([Reason("action_taken", "the action is no longer offered")], 0)
        await _write(work, device_id, request, permit, document, case.slot_keys)
        return permit, PermitAnswer(document, [case.root, authority.document])

    async def _note(self, tenant_id: TenantId, device_id: DeviceId, request: PermitRequest, denied: Denied) -> None:
        """Keep the newest refusal, so that "why is this device not patched?" has the signer's own words; and what the
        request proved of an earlier permit, which holds whether there is a new one or not."""
        reasons = [{"code": r.code, "text": r.text, "numbers": dict(r.numbers)} for r in denied.reasons]
        if any(reason.code in _ANONYMOUS for reason in denied.reasons):
            return
        async with unit_of_work(self._database, Role.SIGNER, self._clock, ACTOR, tenant_id) as work:
            await _supersede(work, device_id, request)
            row = {"tenant_id": tenant_id, "action_id": request.action_id, "denied_at": work.now}
            await work.tx.execute(sql.permits.note_denial, {**row, "reasons": Jsonb(reasons)})


# Refusals of requests that belong to no action of this tenant: there is nothing to keep them at.
_ANONYMOUS = frozenset({"action_unknown", "signature_wrong", "request_of_another"})


async def _check_signature(work: Work, device_id: DeviceId, request: PermitRequest) -> None:
    device = await work.tx.maybe(sql.permits.device_key, {"tenant_id": work.tenant_id, "device_id": device_id})
    said = {name: value for name, value in encode(request).items() if name != "signature"}
    if device is None or not signature_holds(device["public_key"], "permit-request", said, request.signature):
        raise Denied([Reason("signature_wrong", "the request is not signed by this device's key")], 0)


async def _supersede(work: Work, device_id: DeviceId, request: PermitRequest) -> None:
    """An answer that was lost on the way must not block the device: its new request is the proof that nothing began,
    because an agent acts only on the answer to its newest nonce. One that comes after a newer one proves nothing."""
    address = {**_address(work, device_id, request), "number": request.number}
    for row in await work.tx.all(sql.permits.supersede, {**address, "at": work.now}):
        await work.tx.execute(sql.permits.release_slots, {"tenant_id": work.tenant_id, "permit_id": row["permit_id"]})
        again = {"tenant_id": work.tenant_id, "action_id": request.action_id, "at": work.now}
        await work.tx.execute(sql.permits.offer_again, again)


async def _take_slots(work: Work, case: PermitCase) -> None:
    wanted = [{"slot_key": key, "in_flight_max": case.limits[key]} for key in sorted(case.limits)]
    rows = await work.tx.all(sql.permits.take_slots, {"tenant_id": work.tenant_id, "slots": Jsonb(wanted)})
    full = sorted(set(case.limits) - {row["slot_key"] for row in rows})
    if full:
        numbers = {"limit": str(case.limits[full[0]])}
        text = f"{case.limits[full[0]]} installations at once are allowed for {full[0]}, and as many are under way"
        raise Denied([Reason("limit_reached", text, numbers)], RETRY_AFTER_UNKNOWN_S)


async def _write(
    work: Work,
    device_id: DeviceId,
    request: PermitRequest,
    permit: Permit,
    document: SignedDocument,
    slot_keys: Sequence[str],
) -> None:
    row: dict[str, Any] = {
        "tenant_id": work.tenant_id,
        "permit_id": permit.permit_id,
        "device_id": device_id,
        "action_id": permit.action_id,
        "nonce": permit.nonce,
        "granted_at": work.now,
        "expires_at": work.now + timedelta(seconds=permit.lifetime_s),
        "plan_digest": permit.plan_digest,
        "request": Jsonb(encode(request)),
        "document": Jsonb(encode(document)),
    }
    if await work.tx.execute(sql.permits.grant, row) != 1:
        raise Denied([Reason("permit_live", "this device already holds a permit, or the nonce was used before")], 30)
    slots = {"tenant_id": work.tenant_id, "permit_id": permit.permit_id, "slot_keys": list(slot_keys)}
    await work.tx.execute(sql.permits.keep_slots, slots)
    work.wake("device", device_id)


def _record(
    work: Work, device_id: DeviceId, permit: Permit, address: Mapping[str, Any], granted: PermitGranted
) -> None:
    """What was permitted, so that the record alone says that nothing of a patch was after its halt, and on which word
    something began faster than usual."""
    about = {"rollout_id": str(address["rollout_id"]), "patch_key": address["patch_key"]}
    what = {"permit_id": permit.permit_id, "action_id": permit.action_id, "action": permit.action}
    data = {**about, **what, "plan_digest": permit.plan_digest, "reasons": as_json(granted.reasons)}
    work.record("permit_granted", "device", device_id, data, permit.policy_fingerprint)


def _address(work: Work, device_id: DeviceId, request: PermitRequest) -> dict[str, Any]:
    return {"tenant_id": work.tenant_id, "device_id": device_id, "action_id": request.action_id}


def _denied_answer(reasons: Sequence[Reason], retry_after_s: int) -> PermitAnswer:
    denied = [WireReason(reason.code, reason.text, dict(reason.numbers)) for reason in reasons]
    return PermitAnswer(None, denied=denied, retry_after_s=retry_after_s)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
