"""Engine, base class and column types. Knows no Flask and no stage."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Session

WRITE = "evalhub_write"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A 64-bit counter; plain INTEGER on SQLite, whose row id it then is."""


class UtcTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC time with microseconds: timestamptz on PostgreSQL, integer microseconds since 1970 on SQLite."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        return dialect.type_descriptor(sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None or dialect.name == "postgresql":
            return None if value is None else value.astimezone(UTC)
        return EPOCH + timedelta(microseconds=value)


class CanonicalJson(sa.types.TypeDecorator[Any]):
    """Any JSON value, stored as canonical text: keys sorted, no spaces; the same bytes on every database."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else json.loads(value)


def canonical_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def new_public_id() -> str:
    """A random 128-bit id, the only kind shown outside."""
    return secrets.token_hex(16)


def enum_type(enum: type[StrEnum], name: str) -> sa.Enum:
    """A StrEnum as short text with a CHECK over its values."""
    return sa.Enum(
        enum,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [m.value for m in members],
    )


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcTime()}  # noqa: RUF012 -- SQLAlchemy declares it an instance attribute


class TryAgain(Exception):
    """Raised inside `write(fn)` when a race was lost and the whole of `fn` should run anew."""


class Database:
    """One database: an engine for reads, and the same pool with write transactions.

    On SQLite a write transaction is BEGIN IMMEDIATE inside a lock file, because SQLite's own busy handler is unfair; on
    PostgreSQL it is an ordinary READ COMMITTED transaction.
    """

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        if self.is_sqlite:
            self.engine = sa.create_engine(
                self.url, pool_size=20, max_overflow=44, connect_args={"timeout": 30}, hide_parameters=True
            )
            event.listen(self.engine, "connect", _set_up_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self.engine = sa.create_engine(
                self.url.set(drivername="postgresql+psycopg"),
                pool_size=20,
                max_overflow=44,
                pool_pre_ping=True,
                isolation_level="READ COMMITTED",
                hide_parameters=True,
            )
        self.writer = self.engine.execution_options(**{WRITE: True})
        self._thread = threading.local()

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A short read transaction; what it loaded stays usable after it is closed."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A write transaction that is rolled back unless the block commits. Only `web.session.write` uses it."""
        if getattr(self._thread, "writing", False):
            raise RuntimeError("a write inside a write: pass the session on instead")
        self._thread.writing = True
        try:
            with self._lock_file(), Session(self.writer, expire_on_commit=False) as session:
                yield session
        finally:
            self._thread.writing = False

    @contextmanager
    def _lock_file(self) -> Iterator[None]:
        """The lock of the writer. Whoever is next holds the turn while they wait for it, so that a writer who comes
        again at once, like an import's next thousand rows, passes nobody."""
        if not self.is_sqlite or self.url.database in (None, "", ":memory:"):
            yield
            return
        with _locked_file(f"{self.url.database}.turn") as turn, _locked_file(f"{self.url.database}.lock"):
            fcntl.flock(turn, fcntl.LOCK_UN)
            yield

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _locked_file(path: str) -> Iterator[int]:
    """A file that is locked by this process alone; its descriptor."""
    # Opened anew each time: a descriptor shared by fork would share the lock as well.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITE) else "BEGIN")


def now(session: Session) -> datetime:
    """The database's clock, which decides about leases on every server alike."""
    if session.get_bind().dialect.name == "sqlite":
        text = session.scalar(sa.text("SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')"))
        return datetime.fromisoformat(str(text))
    moment: datetime = session.scalar(sa.text("SELECT clock_timestamp()"))
    return moment.astimezone(UTC)


S = TypeVar("S", bound=sa.Select[Any])


def locked(statement: S, *, skip: bool = False) -> S:
    """The same select with its rows locked FOR NO KEY UPDATE (on SQLite the transaction itself is the lock)."""
    return statement.with_for_update(key_share=True, skip_locked=skip)
