-- name: records_of_patch
-- What was tried of a patch for some segments.
select segment, results, recorded_at, recorded_by, cardinality(devices) as device_count
from patchring.test_record
where tenant_id = %(tenant_id)s and patch_id = %(patch_id)s and segment = any (%(segments)s::text[]);

-- name: waivers_of_patch
-- What two persons let go without a test; also what only one asked for, and what is over.
select segment, reason, expires_at, asked_by_id, confirmed_by_id
from patchring.test_waiver
where tenant_id = %(tenant_id)s and patch_id = %(patch_id)s and segment = any (%(segments)s::text[]);

-- name: add_record
-- What somebody tried. It is never changed: who tries again adds another.
insert into patchring.test_record (tenant_id, test_record_id, patch_id, segment, devices, results, passed, recorded_at,
  recorded_by)
values (%(tenant_id)s, %(test_record_id)s, %(patch_id)s, %(segment)s, %(devices)s, %(results)s, %(passed)s, %(at)s,
  %(by)s);

-- name: records
-- Newest first, before a cursor. `patch_id` or `test_record_id` null: any.
select r.test_record_id, p.patch_key, r.segment, r.devices, r.results, r.passed, r.recorded_at, r.recorded_by
from patchring.test_record r
join patchring.patch p on p.tenant_id = r.tenant_id and p.patch_id = r.patch_id
where r.tenant_id = %(tenant_id)s and (%(before)s::uuid is null or r.test_record_id < %(before)s::uuid)
  and (%(patch_id)s::uuid is null or r.patch_id = %(patch_id)s::uuid)
  and (%(test_record_id)s::uuid is null or r.test_record_id = %(test_record_id)s::uuid)
order by r.test_record_id desc limit %(limit)s;

-- name: add_waiver
-- What the first person asks for.
insert into patchring.test_waiver (tenant_id, test_waiver_id, patch_id, segment, reason, expires_at, asked_at, asked_by,
  asked_by_id)
values (%(tenant_id)s, %(test_waiver_id)s, %(patch_id)s, %(segment)s, %(reason)s, %(expires_at)s, %(at)s, %(by)s,
  %(by_id)s);

-- name: confirm_waiver
-- No row when it is over or confirmed, or when it is the first person again.
update patchring.test_waiver set confirmed_at = %(at)s, confirmed_by = %(by)s, confirmed_by_id = %(by_id)s
where tenant_id = %(tenant_id)s and test_waiver_id = %(test_waiver_id)s and confirmed_at is null
  and asked_by_id <> %(by_id)s and expires_at > %(at)s;

-- name: waivers
-- Newest first, before a cursor. `test_waiver_id` null: any.
select w.test_waiver_id, p.patch_id, p.patch_key, w.segment, w.reason, w.expires_at, w.asked_at, w.asked_by,
  w.confirmed_at, w.confirmed_by
from patchring.test_waiver w
join patchring.patch p on p.tenant_id = w.tenant_id and p.patch_id = w.patch_id
where w.tenant_id = %(tenant_id)s and (%(before)s::uuid is null or w.test_waiver_id < %(before)s::uuid)
  and (%(test_waiver_id)s::uuid is null or w.test_waiver_id = %(test_waiver_id)s::uuid)
order by w.test_waiver_id desc limit %(limit)s;
