-- name: wake
-- Have a worker look again, at the latest at wake_at. A row that is leased just now is woken again after its lease is done.
insert into patchring.due (tenant_id, kind, id, wake_at) values (%(tenant_id)s, %(kind)s, %(id)s, %(wake_at)s)
on conflict (tenant_id, kind, id) do update
set wake_at = least(patchring.due.wake_at, excluded.wake_at);

-- name: claim
-- Lease up to `count` items that are due, one of each tenant before a second of any. A lease that ran out is due again:
-- its worker died. The conditions stand twice because a row may have changed between being found and being locked.
with found as (
  select near.kind, near.id, tenant.tenant_id,
    row_number() over (partition by tenant.tenant_id order by near.wake_at, near.kind, near.id) as turn, near.wake_at
  from patchring.tenant_directory as tenant
  cross join lateral (
    (select due.kind, due.id, due.wake_at from patchring.due
      where due.tenant_id = tenant.tenant_id and due.wake_at <= %(now)s and due.lease_until is null
      order by due.wake_at limit %(count)s)
    union all
    (select due.kind, due.id, due.lease_until from patchring.due
      where due.tenant_id = tenant.tenant_id and due.lease_until <= %(now)s
      order by due.lease_until limit %(count)s)
  ) as near
), chosen as (
  select due.tenant_id, due.kind, due.id, found.turn, found.wake_at
  from found join patchring.due using (tenant_id, kind, id)
  where (due.lease_until is null and due.wake_at <= %(now)s) or due.lease_until <= %(now)s
  order by found.turn, found.wake_at, due.tenant_id
  limit %(count)s
  for update of due skip locked
)
update patchring.due
set lease_until = %(lease_until)s, lease_token = %(lease_token)s, attempt_count = due.attempt_count + 1,
  wake_at = 'infinity'
from chosen
where (due.tenant_id, due.kind, due.id) = (chosen.tenant_id, chosen.kind, chosen.id)
returning due.tenant_id, due.kind, due.id, due.lease_token, due.attempt_count;

-- name: renew
-- The worker still works on the item. It waits for nobody: whoever holds the row just now is the item's own end, or a
-- waking that is over in a moment.
with held as (
  select tenant_id, kind, id from patchring.due
  where tenant_id = %(tenant_id)s and kind = %(kind)s and id = %(id)s and lease_token = %(lease_token)s
  for update skip locked
)
update patchring.due set lease_until = %(lease_until)s
from held where (due.tenant_id, due.kind, due.id) = (held.tenant_id, held.kind, held.id);

-- name: finish
-- The end of an item that nobody woke meanwhile. It is part of the item's own transaction: no row means that the lease
-- was lost or that there is more to do.
delete from patchring.due
where tenant_id = %(tenant_id)s and kind = %(kind)s and id = %(id)s and lease_token = %(lease_token)s
  and wake_at = 'infinity';

-- name: finish_woken
-- The end of an item that was woken while it was worked on: it stays due. No row means that the lease was lost.
update patchring.due set lease_until = null, lease_token = null, attempt_count = 0
where tenant_id = %(tenant_id)s and kind = %(kind)s and id = %(id)s and lease_token = %(lease_token)s;

-- name: give_back
-- After a failure: due again at `wake_at`, whoever woke it meanwhile, so that what keeps failing keeps its pauses.
update patchring.due
set lease_until = null, lease_token = null, attempt_count = %(attempt_count)s, wake_at = %(wake_at)s
where tenant_id = %(tenant_id)s and kind = %(kind)s and id = %(id)s and lease_token = %(lease_token)s;

-- name: fan_out
-- Have every tenant's rollout of this campaign's patch looked at again. It reads ids alone.
insert into patchring.due (tenant_id, kind, id, wake_at)
select held.tenant_id, 'rollout', held.rollout_id, %(wake_at)s
from patchring.campaign as cause
join patchring.campaign as other on other.patch_key = cause.patch_key
join patchring.campaign_rollout as held on held.campaign_id = other.campaign_id
where cause.campaign_id = %(campaign_id)s
order by held.tenant_id, held.rollout_id
on conflict (tenant_id, kind, id) do update
set wake_at = least(patchring.due.wake_at, excluded.wake_at);
