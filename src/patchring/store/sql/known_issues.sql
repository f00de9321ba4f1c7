-- name: in_force
-- What stands for a tenant: everything in force that it did not set aside.
select issue.issue_id, issue.name, issue.patches, issue.devices, issue.reason, issue.source, issue.release_when,
  issue.fixed_in, issue.until_on
from patchring.known_issue as issue
where issue.state = 'in_force' and not exists (select from patchring.known_issue_waiver as waiver
  where waiver.tenant_id = %(tenant_id)s and waiver.issue_id = issue.issue_id)
order by issue.issue_id;

-- name: add
-- No row when it is there already, or one of that name stands.
insert into patchring.known_issue (issue_id, name, patches, devices, reason, source_kind, source, release_when, fixed_in,
  until_on, state, placed_at, placed_by)
values (%(issue_id)s, %(name)s, %(patches)s, %(devices)s, %(reason)s, %(source_kind)s, %(source)s, %(release_when)s,
  %(fixed_in)s, %(until_on)s, %(state)s, %(at)s, %(by)s)
on conflict do nothing;

-- name: one
-- An issue, whatever became of it.
select issue_id, name, patches, devices, reason, source_kind, source, release_when, fixed_in, until_on, state, placed_at,
  placed_by, decided_at, decided_by, ended_at, ended_by, end_reason, row_version
from patchring.known_issue where issue_id = %(issue_id)s;

-- name: named
-- The issue of that name that stands, or is proposed.
select issue_id, name, patches, devices, reason, source_kind, source, release_when, fixed_in, until_on, state, row_version
from patchring.known_issue where name = %(name)s and state in ('proposed', 'in_force');

-- name: say
-- What is said of an issue that stands, otherwise than before. No row when it is another version now.
update patchring.known_issue
set patches = %(patches)s, devices = %(devices)s, reason = %(reason)s, source = %(source)s,
  release_when = %(release_when)s, fixed_in = %(fixed_in)s, until_on = %(until_on)s, row_version = row_version + 1
where issue_id = %(issue_id)s and row_version = %(row_version)s and state in ('proposed', 'in_force');

-- name: confirm
-- A person puts in force what was proposed. No row when it is not proposed.
update patchring.known_issue
set state = 'in_force', decided_at = %(at)s, decided_by = %(by)s, row_version = row_version + 1
where issue_id = %(issue_id)s and state = 'proposed';

-- name: end
-- Released, or declined when it was only proposed. No row when it ended before.
update patchring.known_issue
set state = case state when 'proposed' then 'declined' else 'released' end, ended_at = %(at)s, ended_by = %(by)s,
  end_reason = %(reason)s, row_version = row_version + 1
where issue_id = %(issue_id)s and state in ('proposed', 'in_force');

-- name: listed
-- Newest first, before a cursor. `all` false: those that stand or are proposed.
select issue_id, name, patches, devices, reason, source_kind, source, release_when, fixed_in, until_on, state, placed_at,
  placed_by, decided_at, decided_by, ended_at, ended_by, end_reason, row_version
from patchring.known_issue
where (%(all)s::boolean or state in ('proposed', 'in_force')) and (%(before)s::uuid is null or issue_id < %(before)s::uuid)
order by issue_id desc limit %(limit)s;

-- name: of_tenant
-- Those that stand (`issue_id` null: every one), with what the tenant set aside; newest first, before a cursor.
select issue.issue_id, issue.name, issue.patches, issue.devices, issue.reason, issue.source, issue.release_when,
  issue.fixed_in, issue.until_on, issue.placed_at, issue.placed_by, waiver.reason as waived_because, waiver.waived_at,
  waiver.waived_by
from patchring.known_issue as issue
left join patchring.known_issue_waiver as waiver
  on waiver.issue_id = issue.issue_id and waiver.tenant_id = %(tenant_id)s
where issue.state = 'in_force' and (%(issue_id)s::uuid is null or issue.issue_id = %(issue_id)s::uuid)
  and (%(before)s::uuid is null or issue.issue_id < %(before)s::uuid)
order by issue.issue_id desc limit %(limit)s;

-- name: waive
-- The tenant takes the risk. No row when it did before.
insert into patchring.known_issue_waiver (tenant_id, issue_id, reason, waived_at, waived_by)
values (%(tenant_id)s, %(issue_id)s, %(reason)s, %(at)s, %(by)s)
on conflict (tenant_id, issue_id) do nothing;

-- name: end_waiver
-- No row when there was none.
delete from patchring.known_issue_waiver where tenant_id = %(tenant_id)s and issue_id = %(issue_id)s;
