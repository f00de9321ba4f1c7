"""`python -m patchring.serve.schema`: the schema that the migrations build, from a database made for the moment.

With --write it replaces docs/schema.sql; without, it prints.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import psycopg

from patchring.serve.clock import SystemClock
from patchring.serve.postgres import EmbeddedPostgres, Settings
from patchring.store.prepare import prepare_database
from patchring.store.schema import render_schema
from patchring.store.secrets import new_secrets

SCHEMA_FILE = Path(__file__).parents[3] / "docs" / "schema.sql"


def current_schema() -> str:
    """The schema of a new database. Raises PostgresError, StoreError."""
    home = Path(tempfile.mkdtemp(prefix="patchring-schema-"))
    secrets = new_secrets()
    try:
        with EmbeddedPostgres(home, settings=Settings(durable=False)) as server:
            prepare_database(server.address, secrets, SystemClock().now())
            with psycopg.connect(server.address) as connection:
                return render_schema(connection, secrets.names)
    finally:
        shutil.rmtree(home)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m patchring.serve.schema", description="The schema as one text.")
    parser.add_argument("--write", action="store_true", help=f"replace {SCHEMA_FILE.name}")
    if parser.parse_args(arguments).write:
        SCHEMA_FILE.write_text(current_schema(), encoding="utf-8")
    else:
        sys.stdout.write(current_schema())


if __name__ == "__main__":
    main(sys.argv[1:])
