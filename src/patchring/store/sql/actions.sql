-- name: for_progress
-- An action with its place in the rollout, both locked.
select action.action_id, action.rollout_id, action.kind, action.purpose, action.state, action.started_at,
  action.acted_sequence, placed.state as device_state, placed.ring, placed.segment, placed.action_id as current_action_id,
  placed.from_version, rollout.campaign_id,
  rollout.patch_id
from patchring.action
join patchring.rollout on rollout.tenant_id = action.tenant_id and rollout.rollout_id = action.rollout_id
join patchring.rollout_device as placed on placed.tenant_id = action.tenant_id
  and placed.rollout_id = action.rollout_id and placed.device_id = action.device_id
where action.tenant_id = %(tenant_id)s and action.device_id = %(device_id)s and action.action_id = %(action_id)s
for update of action, placed;

-- name: permitted
-- Actions of a device for which it got a permit that its place in the rollout does not show yet.
select action.action_id
from patchring.action
join patchring.rollout_device as placed on placed.tenant_id = action.tenant_id
  and placed.rollout_id = action.rollout_id and placed.device_id = action.device_id
where action.tenant_id = %(tenant_id)s and action.device_id = %(device_id)s and action.state = 'permitted'
  and placed.state = 'offered' and placed.action_id = action.action_id
order by action.action_id;

-- name: move
-- The next state of an action, with what was learnt with it; null leaves a column as it is.
update patchring.action
set state = %(state)s, state_at = %(at)s, detail = coalesce(%(detail)s, detail),
  boot_id_before = case when boot_id_before = '' then coalesce(%(boot_id)s, '') else boot_id_before end,
  started_at = coalesce(started_at, %(started_at)s), acted_at = coalesce(%(acted_at)s, acted_at),
  acted_sequence = coalesce(%(acted_sequence)s, acted_sequence),
  finished_report_id = coalesce(%(finished_report_id)s, finished_report_id)
where tenant_id = %(tenant_id)s and action_id = %(action_id)s;

-- name: move_device
-- The next state of a device in a rollout.
update patchring.rollout_device
set state = %(state)s, state_at = %(at)s, reasons = %(reasons)s,
  verified_at = case when %(state)s = 'verified' then %(at)s else verified_at end,
  action_id = case when %(state)s in ('waiting', 'skipped') then null else action_id end
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and device_id = %(device_id)s;

-- name: set_device_reasons
-- Why a device is where it is, without a move; written only when that changed.
update patchring.rollout_device set reasons = %(reasons)s
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and device_id = %(device_id)s
  and reasons is distinct from %(reasons)s::jsonb;

-- name: count_verified
-- When the first and the last device of a ring was verified, and the sum that device-hours are counted from.
update patchring.rollout_ring
set first_verified_at = coalesce(first_verified_at, %(at)s), last_verified_at = %(at)s,
  verified_s_sum = verified_s_sum + floor(extract(epoch from %(at)s::timestamptz))::bigint
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and ring = %(ring)s;

-- name: live_permit
-- The permit that an action held when a report came in, if it is not settled. `permit_id` null: whichever it was.
select permit_id, request ->> 'boot_id' as boot_id from patchring.permit
where tenant_id = %(tenant_id)s and action_id = %(action_id)s and settled_at is null
  and granted_at <= %(received_at)s and (%(permit_id)s::uuid is null or permit_id = %(permit_id)s::uuid);

-- name: permit_started
-- The device says that it began under this permit.
update patchring.permit set started_at = %(at)s
where tenant_id = %(tenant_id)s and permit_id = %(permit_id)s and started_at is null;

-- name: settle_permit
-- The end of a permit: by its result, or by the proof that nothing began; never because time went by.
update patchring.permit set settled_at = %(at)s, outcome = %(outcome)s
where tenant_id = %(tenant_id)s and permit_id = %(permit_id)s and settled_at is null;

-- name: was_taken_up
-- Whether the device ever said that it took this action up; one that did not has refused it.
select exists (
  select from patchring.report
  where tenant_id = %(tenant_id)s and device_id = %(device_id)s and kind = 'progress'
    and sequence < %(sequence)s and body ->> 'action_id' = %(action_id)s::text
) as taken_up;

-- name: to_judge
-- What a device did and what is not judged yet, its place in the rollout locked: with what the newest scan says of the
-- package, the newest act that changed packages (`act`), and the words of the probes before the installation and after
-- the last action.
select placed.rollout_id, placed.ring, placed.segment, placed.state as device_state, placed.from_version,
  rollout.campaign_id, patch.patch_id, patch.provider, patch.name, patch.version, patch.title,
  action.action_id, action.kind, action.purpose, action.state as action_state, action.finished_report_id,
  act.acted_at, greatest(act.acted_sequence, action.acted_sequence) as acted_sequence, act.boot_id_before,
  scanned.sequence as scan_sequence, held.boot_id as scan_boot_id, held.reboot_pending as scan_reboot_pending,
  held.scan -> 'probes' as scan_probes, finished.sequence as finished_sequence, finished.body as finished,
  install_finished.body as install_finished,
  array(select entry ->> 'version' from jsonb_array_elements(held.scan -> 'installed') as entry
    where entry ->> 'name' = patch.name and entry ->> 'provider' = patch.provider) as installed,
  exists(select from jsonb_array_elements(held.scan -> 'updates') as entry
    where entry -> 'package' ->> 'name' = patch.name and entry -> 'package' ->> 'provider' = patch.provider
      and entry -> 'package' ->> 'version' = patch.version) as still_offered
from patchring.rollout_device as placed
join patchring.rollout on rollout.tenant_id = placed.tenant_id and rollout.rollout_id = placed.rollout_id
join patchring.patch on patch.tenant_id = rollout.tenant_id and patch.patch_id = rollout.patch_id
join patchring.action on action.tenant_id = placed.tenant_id and action.action_id = placed.action_id
join lateral (
  select newest.acted_at, newest.acted_sequence, newest.boot_id_before, newest.finished_report_id
  from patchring.action as newest
  where newest.tenant_id = placed.tenant_id and newest.rollout_id = placed.rollout_id
    and newest.device_id = placed.device_id and newest.kind <> 'reboot' and newest.acted_sequence is not null
  order by newest.created_at desc, newest.action_id desc limit 1
) as act on true
left join patchring.device_inventory as held on held.tenant_id = placed.tenant_id and held.device_id = placed.device_id
left join patchring.report as scanned on scanned.tenant_id = held.tenant_id and scanned.device_id = held.device_id
  and scanned.report_id = held.report_id
left join patchring.report as finished on finished.tenant_id = placed.tenant_id
  and finished.device_id = placed.device_id
  and finished.report_id = coalesce(action.finished_report_id, act.finished_report_id)
left join lateral (
  select install.finished_report_id from patchring.action as install
  where install.tenant_id = placed.tenant_id and install.rollout_id = placed.rollout_id
    and install.device_id = placed.device_id and install.kind = 'install' and install.finished_report_id is not null
  order by install.created_at desc, install.action_id desc limit 1
) as install on true
left join patchring.report as install_finished on install_finished.tenant_id = placed.tenant_id
  and install_finished.device_id = placed.device_id and install_finished.report_id = install.finished_report_id
where placed.tenant_id = %(tenant_id)s and placed.device_id = %(device_id)s
  and placed.state in ('installed', 'reboot_pending', 'rolling_back')
order by placed.rollout_id
for update of placed;

-- name: offer_reboot
-- The reboot that an installation needs is an action of its own, with a permit of its own.
insert into patchring.action (tenant_id, action_id, device_id, rollout_id, kind, purpose, packages, probes, reboot,
  title, state, state_at, created_at)
values (%(tenant_id)s, %(action_id)s, %(device_id)s, %(rollout_id)s, 'reboot', %(purpose)s, '[]', %(probes)s, 'always',
  %(title)s, 'offered', %(at)s, %(at)s);

-- name: set_current
-- The action that a device's place in a rollout is about.
update patchring.rollout_device set action_id = %(action_id)s
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and device_id = %(device_id)s;

-- name: withdraw_of_device
-- What a device need not do any more.
update patchring.action set state = 'withdrawn', state_at = %(at)s
where tenant_id = %(tenant_id)s and device_id = %(device_id)s and rollout_id = %(rollout_id)s and state = 'offered'
returning action_id;

-- name: no_longer_missing
-- Places of a device in rollouts of patches that it does not miss any more, although nobody has installed them.
select placed.rollout_id, placed.ring, placed.state as device_state, placed.action_id
from patchring.rollout_device as placed
join patchring.rollout on rollout.tenant_id = placed.tenant_id and rollout.rollout_id = placed.rollout_id
where placed.tenant_id = %(tenant_id)s and placed.device_id = %(device_id)s and placed.state in ('waiting', 'offered')
  and not exists (select from patchring.missing
    where missing.tenant_id = placed.tenant_id and missing.device_id = placed.device_id
      and missing.patch_id = rollout.patch_id and missing.known_to is null)
order by placed.rollout_id
for update of placed;

-- name: uncount_verified
-- Verifications that no longer count, out of the sum that device-hours are counted from.
update patchring.rollout_ring set verified_s_sum = verified_s_sum - %(seconds)s
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and ring = %(ring)s;
