"""The named statements, by subject: `sql.devices.device_by_key`. How they are written: `store/queries.py`."""

from collections.abc import Mapping

from patchring.store.queries import Statement, Subject, load_subjects

SUBJECTS: Mapping[str, Subject] = load_subjects()


def __getattr__(name: str) -> Subject:
    try:
        return SUBJECTS[name]
    except KeyError:
        raise AttributeError(f"there is no sql/{name}.sql") from None


def every_statement() -> list[Statement]:
    return [statement for subject in SUBJECTS.values() for statement in subject.statements.values()]
