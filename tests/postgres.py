"""Empty databases on a PostgreSQL server, each used again by the next test where it can be emptied.

To make one from the template takes a fifth of a second and more, to empty one a hundredth; and an engine that is used
again remembers the statements that it has compiled.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import sqlalchemy as sa

from evalhub.db import Database
from evalhub.migrating import upgrade

_numbers = count(1)

SHAPE = """
SELECT count(*), sum(oid::bigint), sum(relfilenode::bigint), bool_or(reltuples > 100),
       pg_database_size(current_database()) / (8 << 20), (SELECT max(version_num) FROM alembic_version)
FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
"""Changes with the tables and indexes, with what the planner thinks of their sizes, and with every eight megabytes."""

EMPTY = """
SET session_replication_role = replica;
DO $$
DECLARE one record; is_used boolean;
BEGIN
  FOR one IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
      AND relkind = 'r' AND relname <> 'alembic_version' LOOP
    EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || quote_ident(one.relname) || ')' INTO is_used;
    IF is_used THEN EXECUTE 'DELETE FROM ' || quote_ident(one.relname); END IF;
  END LOOP;
  PERFORM setval(oid::regclass, 1, false) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S';
END $$;
"""

ALONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class Databases:
    """Those of one server; none outlives it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._template = f"evalhub_template_{os.getpid()}"
        self._spare: tuple[str, Database] | None = None
        self._run(f"CREATE DATABASE {self._template}")
        database = Database(self._named(self._template))
        upgrade(database)
        database.close()

    @contextmanager
    def empty(self) -> Iterator[Database]:
        """A migrated database without a row, for one test."""
        (name, database), self._spare = self._spare or self._made(), None
        shape = self._on(name, SHAPE)
        yield database
        database.close()
        if self._is_emptied(name, shape):
            self._spare = name, database
        else:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _made(self) -> tuple[str, Database]:
        name = f"evalhub_test_{os.getpid()}_{next(_numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return name, Database(self._named(name))

    def _is_emptied(self, name: str, shape: object) -> bool:
        """Whether it is as it came: not where a test changed its tables, filled it, or may not empty it."""
        if self._on(name, SHAPE) != shape:
            return False
        try:
            self._on(name, ALONE)
            self._run(EMPTY, on=name)
        except sa.exc.DBAPIError:
            return False
        return True

    def _named(self, name: str) -> str:
        return sa.make_url(self._url).set(database=name).render_as_string(hide_password=False)

    def _run(self, statements: str, *, on: str | None = None) -> None:
        run_on(self._named(on) if on else self._url, statements)

    def _on(self, name: str, question: str) -> object:
        with _connection(self._named(name)) as connection:
            return connection.exec_driver_sql(question).all()


def run_on(url: str, statements: str) -> None:
    """Run them one after another, each committed by itself."""
    with _connection(url) as connection:
        connection.exec_driver_sql(statements)


@contextmanager
def _connection(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        yield connection
    engine.dispose()
