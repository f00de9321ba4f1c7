-- Whether earlier releases of the same product made trouble, in words; empty: not that anybody knows.
alter table patchring.patch add column history text not null default '';
