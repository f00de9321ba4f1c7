-- name: lock
-- One at a time decides about one patch of one tenant, so that it never gets two rollouts at once; and one at a time
-- begins a campaign of a patch.
select pg_advisory_xact_lock(%(lock_id)s);

-- name: patch
-- A patch as this tenant knows it.
select * from patchring.patch where tenant_id = %(tenant_id)s and patch_id = %(patch_id)s;

-- name: tenant_kind
-- Whether the tenant is the MSP itself (operator) or a client.
select kind from patchring.tenant where tenant_id = %(tenant_id)s;

-- name: note_decision
-- What the policy said of a patch, written only when it says something else than before.
update patchring.patch set decision = %(decision)s, decided_at = %(at)s
where tenant_id = %(tenant_id)s and patch_id = %(patch_id)s and decision is distinct from %(decision)s::jsonb;

-- name: newest_of_patch
-- The newest rollout of a patch in this tenant.
select rollout_id, campaign_id, state from patchring.rollout
where tenant_id = %(tenant_id)s and patch_id = %(patch_id)s
order by created_at desc, rollout_id desc limit 1;

-- name: free_campaign
-- The newest campaign of a patch in which this tenant has no rollout yet.
select campaign.campaign_id from patchring.campaign
where campaign.patch_key = %(patch_key)s
  and not exists (select from patchring.rollout
    where rollout.tenant_id = %(tenant_id)s and rollout.campaign_id = campaign.campaign_id)
order by campaign.created_at desc, campaign.campaign_id desc limit 1;

-- name: add_campaign
-- A campaign begins with its first rollout.
insert into patchring.campaign (campaign_id, patch_key, created_at, created_by)
values (%(campaign_id)s, %(patch_key)s, %(at)s, %(created_by)s);

-- name: join_campaign
-- A campaign knows its rollouts by id, so that evidence can wake them.
insert into patchring.campaign_rollout (campaign_id, tenant_id, rollout_id)
values (%(campaign_id)s, %(tenant_id)s, %(rollout_id)s);

-- name: add
-- A rollout, before its rings and devices.
insert into patchring.rollout (tenant_id, rollout_id, campaign_id, patch_id, policy_version_id, state, state_at, reasons,
  created_at, created_by)
values (%(tenant_id)s, %(rollout_id)s, %(campaign_id)s, %(patch_id)s, %(policy_version_id)s, %(state)s, %(at)s,
  %(reasons)s, %(at)s, %(created_by)s);

-- name: add_rings
-- Its rings, empty; those that are there stay as they are.
insert into patchring.rollout_ring (tenant_id, rollout_id, ring, name, state, state_at)
select %(tenant_id)s, %(rollout_id)s, new.ring, new.name, %(state)s, %(at)s
from jsonb_to_recordset(%(rows)s) as new (ring smallint, name text)
on conflict (tenant_id, rollout_id, ring) do nothing;

-- name: kinds
-- Devices that miss a patch and are not in the rollout yet, grouped by those of their facts that the policy looks at
-- (`fields`): rules are asked once for each kind, not for each device.
select patchring.kind_of(device, site.name, %(fields)s::text[]) as kind, count(*) as device_count
from patchring.missing
join patchring.device on device.tenant_id = missing.tenant_id and device.device_id = missing.device_id
join patchring.site on site.tenant_id = device.tenant_id and site.site_id = device.site_id
where missing.tenant_id = %(tenant_id)s and missing.patch_id = %(patch_id)s and missing.known_to is null
  and missing.held_back = '' and device.state = 'active' and not device.observe_only
  and not exists (select from patchring.rollout_device as placed
    where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s
      and placed.device_id = missing.device_id)
group by 1
order by 1;

-- name: placed_kinds
-- The same of devices of a rollout that wait, or are offered it, with their ids.
select patchring.kind_of(device, site.name, %(fields)s::text[]) as kind, array_agg(device.device_id) as device_ids
from patchring.rollout_device as placed
join patchring.device on device.tenant_id = placed.tenant_id and device.device_id = placed.device_id
join patchring.site on site.tenant_id = device.tenant_id and site.site_id = device.site_id
where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s and placed.state in ('waiting', 'offered')
group by 1
order by 1;

-- name: outcome_kinds
-- Kinds of devices on which a rollout is verified, and on which it failed.
select patchring.kind_of(device, '', %(fields)s::text[]) as kind, placed.state = 'verified' as is_well
from patchring.rollout_device as placed
join patchring.device on device.tenant_id = placed.tenant_id and device.device_id = placed.device_id
where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s
  and placed.state in ('verified', 'failed', 'rolling_back', 'rolled_back', 'rollback_failed')
group by 1, 2
order by 1, 2;

-- name: place_devices
-- Put the devices of the kinds given into their rings, behind those that are there. In a ring the order is that of
-- consequence: less critical first, then what is not exposed, then members of a group of which another stays up.
with kind as (
  select * from jsonb_to_recordset(%(kinds)s) as given (kind text, segment text, ring smallint)
), candidate as (
  select device.device_id, missing.installed_version,
    patchring.kind_of(device, site.name, %(fields)s::text[]) as kind,
    array_position(array['low', 'standard', 'high', 'mission'], device.criticality) as criticality_rank,
    device.internet_facing is distinct from false as exposed, device.redundancy_group is null as alone
  from patchring.missing
  join patchring.device on device.tenant_id = missing.tenant_id and device.device_id = missing.device_id
  join patchring.site on site.tenant_id = device.tenant_id and site.site_id = device.site_id
  where missing.tenant_id = %(tenant_id)s and missing.patch_id = %(patch_id)s and missing.known_to is null
    and missing.held_back = '' and device.state = 'active' and not device.observe_only
    and not exists (select from patchring.rollout_device as placed
      where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s
        and placed.device_id = missing.device_id)
), last as (
  select ring, max(position) as position from patchring.rollout_device
  where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s
  group by ring
), added as (
  insert into patchring.rollout_device (tenant_id, rollout_id, device_id, ring, position, segment, state, state_at,
    from_version)
  select %(tenant_id)s, %(rollout_id)s, candidate.device_id, kind.ring,
    coalesce(last.position + 1, 0) - 1
      + row_number() over (partition by kind.ring order by candidate.criticality_rank, candidate.exposed,
          candidate.alone, candidate.device_id),
    kind.segment, %(state)s, %(at)s, candidate.installed_version
  from candidate
  join kind using (kind)
  join patchring.rollout_ring as held on held.tenant_id = %(tenant_id)s and held.rollout_id = %(rollout_id)s
    and held.ring = kind.ring
  left join last on last.ring = kind.ring
  order by candidate.device_id
  returning ring, segment
)
select ring, segment, count(*) as device_count from added group by ring, segment order by ring, segment;

-- name: grow_rings
-- Devices that were added: counts by segment and in their first state. Computed from the row as it is when it is locked.
update patchring.rollout_ring as held
set device_count = held.device_count
    + (select sum(device_count)::integer from jsonb_to_recordset(grown.rows) as new (device_count integer)),
  counts = jsonb_set(held.counts, array[%(state)s], to_jsonb(coalesce((held.counts ->> %(state)s)::integer, 0)
    + (select sum(device_count)::integer from jsonb_to_recordset(grown.rows) as new (device_count integer)))),
  segments = held.segments || (
    select jsonb_object_agg(new.segment, new.device_count + coalesce((held.segments ->> new.segment)::integer, 0))
    from jsonb_to_recordset(grown.rows) as new (segment text, device_count integer))
from (
  select (row ->> 'ring')::smallint as ring, jsonb_agg(row) as rows
  from jsonb_array_elements(%(rows)s::jsonb) as row group by 1
) as grown
where held.tenant_id = %(tenant_id)s and held.rollout_id = %(rollout_id)s and held.ring = grown.ring;

-- name: load
-- A rollout with its patch, locked: people and workers change its state one after the other. Not its key, which rows
-- that name it (a ring's counts, an action) ask for while they are written by others.
select rollout.rollout_id, rollout.campaign_id, rollout.patch_id, rollout.policy_version_id, rollout.state,
  rollout.reasons, rollout.halt_scope, rollout.halt_source, rollout.rollback_requested_by, rollout.created_at
from patchring.rollout
where rollout.tenant_id = %(tenant_id)s and rollout.rollout_id = %(rollout_id)s
for no key update;

-- name: rings
-- The rings of a rollout with their counts, in order.
select ring, name, state, reasons, counts, device_count, segments, first_verified_at, last_verified_at,
  enough_verified_at, verified_s_sum, soak_until_at, forgiven_count, pooled
from patchring.rollout_ring
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s
order by ring;

-- name: policy_text
-- The policy version that a rollout was made under.
select text, fingerprint from patchring.policy_version
where tenant_id = %(tenant_id)s and policy_version_id = %(policy_version_id)s;

-- name: lost
-- Devices whose action began and that were not heard of since an instant.
select placed.ring, placed.device_id, action.state_at as began_at, contact.last_seen_at
from patchring.rollout_device as placed
join patchring.action on action.tenant_id = placed.tenant_id and action.action_id = placed.action_id
join patchring.device_contact as contact
  on contact.tenant_id = placed.tenant_id and contact.device_id = placed.device_id
where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s
  and placed.state in ('installing', 'installed', 'reboot_pending')
  and action.state in ('started', 'reboot_pending') and action.state_at < %(heard_before)s
  and (contact.last_seen_at is null or contact.last_seen_at < %(heard_before)s)
order by placed.ring, placed.position;

-- name: overdue
-- Devices with an offer that were not heard of since an instant, by ring: they keep no place that another could have.
select placed.ring, count(*)::integer as device_count
from patchring.rollout_device as placed
join patchring.device_contact as contact
  on contact.tenant_id = placed.tenant_id and contact.device_id = placed.device_id
where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s and placed.state = 'offered'
  and placed.state_at < %(heard_before)s
  and (contact.last_seen_at is null or contact.last_seen_at < %(heard_before)s)
group by placed.ring;

-- name: to_take_back_count
-- How many devices of the segments given (with the states that each takes back) are not on their way back yet.
select count(*)::integer as device_count
from patchring.rollout_device as placed
join jsonb_to_recordset(%(segments)s) as taken (segment text, states jsonb) on taken.segment = placed.segment
where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s
  and placed.state in ('failed', 'reboot_pending', 'installed', 'verified') and taken.states ? placed.state;

-- name: set_state
-- The state of a rollout with the reasons for it.
update patchring.rollout
set state = %(state)s, state_at = %(at)s, reasons = %(reasons)s, row_version = row_version + 1
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s;

-- name: set_halt
-- How far a halt reaches, and whose it was.
update patchring.rollout set halt_scope = %(halt_scope)s, halt_source = %(halt_source)s
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s;

-- name: set_reasons
-- Why the rollout is where it is; written only when that changed.
update patchring.rollout set reasons = %(reasons)s
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and reasons is distinct from %(reasons)s::jsonb;

-- name: set_ring_state
-- The state of a ring with the reasons for it, and the instant that belongs to it.
update patchring.rollout_ring
set state = %(state)s, state_at = %(at)s, reasons = %(reasons)s,
  opened_at = case when %(state)s = 'open' then coalesce(opened_at, %(at)s) else opened_at end,
  passed_at = case when %(state)s = 'passed' then %(at)s else passed_at end,
  soak_until_at = coalesce(%(soak_until_at)s, soak_until_at)
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and ring = %(ring)s;

-- name: set_ring_reasons
-- Why a ring is where it is; written only when that changed.
update patchring.rollout_ring set reasons = %(reasons)s
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and ring = %(ring)s
  and reasons is distinct from %(reasons)s::jsonb;

-- name: set_enough_verified
-- Since when enough devices of a ring are verified; null when they no longer are.
update patchring.rollout_ring set enough_verified_at = %(enough_verified_at)s
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and ring = %(ring)s;

-- name: forgive
-- The failures of a ring up to now were accepted by who resumed it.
update patchring.rollout_ring set forgiven_count = %(forgiven_count)s
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and ring = %(ring)s;

-- name: shift_counts
-- Devices that moved from one state to another, by ring. Computed from the row as it is when it is locked: two
-- transactions that move devices of one ring at once both count.
update patchring.rollout_ring as held
set counts = (
  select jsonb_object_agg(state, device_count)
  from (
    select state, sum(device_count)::integer as device_count
    from (
      select each.key as state, each.value::integer as device_count from jsonb_each_text(held.counts) as each
      union all
      select new.from_state, - new.device_count
      from jsonb_to_recordset(moved.rows) as new (from_state text, device_count integer)
      union all
      select new.to_state, new.device_count
      from jsonb_to_recordset(moved.rows) as new (to_state text, device_count integer)
    ) as parts
    group by state
  ) as summed
  where device_count <> 0)
from (
  select (row ->> 'ring')::smallint as ring, jsonb_agg(row) as rows
  from jsonb_array_elements(%(rows)s::jsonb) as row group by 1
) as moved
where held.tenant_id = %(tenant_id)s and held.rollout_id = %(rollout_id)s and held.ring = moved.ring;

-- name: offer
-- Offer the patch to the next waiting devices of a ring, in their order: at most as many as there are new ids. Devices
-- that are silent, or that another transaction has in hand, are left for the next time; so is what is not missing there.
-- Business-critical devices share no batch with the others: all of one batch are of one side, and nobody of one side is
-- offered anything while the other side is at work.
with busy as (
  select device.criticality in ('high', 'mission') as critical
  from patchring.rollout_device as placed
  join patchring.device on device.tenant_id = placed.tenant_id and device.device_id = placed.device_id
  join patchring.device_contact as contact
    on contact.tenant_id = placed.tenant_id and contact.device_id = placed.device_id
  where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s and placed.ring = %(ring)s
    and placed.state in ('offered', 'permitted', 'installing', 'installed') and contact.last_seen_at >= %(heard_after)s
  group by 1
), side as (
  select device.criticality in ('high', 'mission') as critical
  from patchring.rollout_device as placed
  join patchring.device on device.tenant_id = placed.tenant_id and device.device_id = placed.device_id
  join patchring.device_contact as contact
    on contact.tenant_id = placed.tenant_id and contact.device_id = placed.device_id
  where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s and placed.ring = %(ring)s
    and placed.state = 'waiting' and placed.segment <> all (%(segments_left_out)s::text[])
    and placed.device_id <> all (%(devices_left_out)s::uuid[])
    and contact.last_seen_at >= %(heard_after)s
    and not exists (select from busy where busy.critical <> (device.criticality in ('high', 'mission')))
  order by placed.position
  limit 1
), chosen as (
  select placed.device_id, placed.position
  from patchring.rollout_device as placed
  join patchring.device on device.tenant_id = placed.tenant_id and device.device_id = placed.device_id
  join patchring.device_contact as contact
    on contact.tenant_id = placed.tenant_id and contact.device_id = placed.device_id
  join side on side.critical = (device.criticality in ('high', 'mission'))
  where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s and placed.ring = %(ring)s
    and placed.state = 'waiting' and placed.segment <> all (%(segments_left_out)s::text[])
    and placed.device_id <> all (%(devices_left_out)s::uuid[])
    and contact.last_seen_at >= %(heard_after)s
  order by placed.position
  limit cardinality(%(action_ids)s::uuid[])
  for update of placed skip locked
), numbered as (
  select chosen.device_id, chosen.position,
    (%(action_ids)s::uuid[])[row_number() over (order by chosen.position)] as action_id
  from chosen
), offered as (
  update patchring.rollout_device as placed
  set state = 'offered', state_at = %(at)s, action_id = numbered.action_id, attempt_count = placed.attempt_count + 1,
    from_version = missing.installed_version, reasons = %(reasons)s
  from numbered
  join patchring.missing on missing.tenant_id = %(tenant_id)s and missing.device_id = numbered.device_id
    and missing.patch_id = %(patch_id)s and missing.known_to is null
  where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s
    and placed.device_id = numbered.device_id
  returning placed.device_id, placed.segment, placed.action_id, missing.architecture
)
insert into patchring.action (tenant_id, action_id, device_id, rollout_id, kind, purpose, packages, probes, reboot,
  title, state, state_at, created_at)
select %(tenant_id)s, offered.action_id, offered.device_id, %(rollout_id)s, 'install', 'patch',
  jsonb_build_array(jsonb_build_object('provider', %(provider)s::text, 'name', %(name)s::text,
    'version', %(version)s::text, 'architecture', offered.architecture)),
  array(select jsonb_array_elements_text(rule.probes)), rule.reboot, %(title)s, 'offered', %(at)s, %(at)s
from offered
join jsonb_to_recordset(%(rules)s) as rule (segment text, probes jsonb, reboot text) on rule.segment = offered.segment
returning action.device_id;

-- name: withdraw
-- Take back the offers that no device (of these; null: of all) has a permit for. One that a device is asking about just
-- now waits for the next time; what took them back already keeps it from beginning.
with gone as (
  update patchring.action set state = 'withdrawn', state_at = %(at)s
  where action.tenant_id = %(tenant_id)s and action.action_id in (
    select live.action_id from patchring.action as live
    where live.tenant_id = %(tenant_id)s and live.rollout_id = %(rollout_id)s and live.state = 'offered'
      and live.kind = 'install' and (%(device_ids)s::uuid[] is null or live.device_id = any (%(device_ids)s::uuid[]))
    for update skip locked)
  returning action.action_id, action.device_id
), moved as (
  update patchring.rollout_device as placed
  set state = 'waiting', state_at = %(at)s, action_id = null, reasons = %(reasons)s
  from gone
  where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s and placed.device_id = gone.device_id
    and placed.action_id = gone.action_id and placed.state = 'offered'
  returning placed.ring
)
select ring, count(*)::integer as device_count from moved group by ring order by ring;

-- name: to_take_back
-- Devices of these segments and states that are not in the middle of something, locked, with what they return to. `back` says that
-- a scan after the act already shows the prior version, and not the patch.
select placed.device_id, placed.ring, placed.state, placed.segment, placed.from_version, placed.verified_at,
  coalesce(missing.architecture, '') as architecture,
  report.sequence is not null and placed.from_version <> ''
    and report.sequence > coalesce(action.acted_sequence, 0)
    and held.scan -> 'installed' @> jsonb_build_array(jsonb_build_object(
      'provider', %(provider)s::text, 'name', %(name)s::text, 'version', placed.from_version))
    and not held.scan -> 'installed' @> jsonb_build_array(jsonb_build_object(
      'provider', %(provider)s::text, 'name', %(name)s::text, 'version', %(version)s::text)) as back
from patchring.rollout_device as placed
join jsonb_to_recordset(%(segments)s) as taken (segment text, states jsonb) on taken.segment = placed.segment
left join patchring.action on action.tenant_id = placed.tenant_id and action.action_id = placed.action_id
left join patchring.device_inventory as held
  on held.tenant_id = placed.tenant_id and held.device_id = placed.device_id
left join patchring.report on report.tenant_id = held.tenant_id and report.device_id = held.device_id
  and report.report_id = held.report_id
left join lateral (
  select was.architecture from patchring.missing as was
  where was.tenant_id = placed.tenant_id and was.device_id = placed.device_id and was.patch_id = %(patch_id)s
  order by was.known_from desc limit 1
) as missing on true
where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s
  and placed.state in ('failed', 'reboot_pending', 'installed', 'verified') and taken.states ? placed.state
  and (action.state is null or action.state not in ('permitted', 'started', 'reboot_pending'))
order by placed.ring, placed.position
limit %(count)s
for update of placed skip locked;

-- name: take_back
-- Offer the way back: a downgrade to the version that was there before. What was still offered for the patch is gone.
with given as (
  select * from jsonb_to_recordset(%(rows)s) as given (device_id uuid, action_id uuid, version text, architecture text,
    probes jsonb)
), gone as (
  update patchring.action set state = 'withdrawn', state_at = %(at)s
  from given
  where action.tenant_id = %(tenant_id)s and action.rollout_id = %(rollout_id)s
    and action.device_id = given.device_id and action.state = 'offered'
), moved as (
  update patchring.rollout_device as placed
  set state = 'rolling_back', state_at = %(at)s, action_id = given.action_id, reasons = %(reasons)s
  from given
  where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s and placed.device_id = given.device_id
)
insert into patchring.action (tenant_id, action_id, device_id, rollout_id, kind, purpose, packages, probes, reboot,
  title, state, state_at, created_at)
select %(tenant_id)s, given.action_id, given.device_id, %(rollout_id)s, 'downgrade', 'remedy',
  jsonb_build_array(jsonb_build_object('provider', %(provider)s::text, 'name', %(name)s::text,
    'version', given.version, 'architecture', given.architecture)),
  array(select jsonb_array_elements_text(given.probes)), 'if_required', %(title)s, 'offered', %(at)s, %(at)s
from given;

-- name: set_device_states
-- Devices whose way back needs no action: they are there already, or there is nothing to return to.
update patchring.rollout_device as placed
set state = given.state, state_at = %(at)s, reasons = given.reasons
from jsonb_to_recordset(%(rows)s) as given (device_id uuid, state text, reasons jsonb)
where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s and placed.device_id = given.device_id;

-- name: withdraw_rest
-- What no device needs to do any more once a rollout has ended.
update patchring.action set state = 'withdrawn', state_at = %(at)s
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and state = 'offered'
returning device_id;

-- name: add_hold
-- A patch that failed is held until a person releases it; once is enough.
insert into patchring.hold (tenant_id, hold_id, patch_key, reason, source, placed_at, placed_by)
select %(tenant_id)s, %(hold_id)s, %(patch_key)s, %(reason)s, 'incident', %(at)s, %(placed_by)s
where not exists (select from patchring.hold
  where tenant_id = %(tenant_id)s and patch_key = %(patch_key)s and segment is null and released_at is null
    and source = 'incident');

-- name: pooled_before
-- Rings in which this tenant has counted for a patch already, by another rollout than this one.
select distinct ring.ring
from patchring.rollout_ring as ring
join patchring.rollout on rollout.tenant_id = ring.tenant_id and rollout.rollout_id = ring.rollout_id
where ring.tenant_id = %(tenant_id)s and rollout.patch_id = %(patch_id)s and ring.rollout_id <> %(rollout_id)s
  and ring.pooled <> '{}';

-- name: pool
-- What of a ring is in the pooled evidence now.
update patchring.rollout_ring set pooled = %(pooled)s
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and ring = %(ring)s;
