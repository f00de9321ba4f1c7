-- What advisories and releases say of one CVE, also what they said once.
create index catalogue_by_cve on patchring.catalogue using gin ((body -> 'cves') jsonb_path_ops)
where feed in ('osv', 'sofa');
