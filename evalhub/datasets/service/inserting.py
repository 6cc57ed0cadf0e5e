"""Insert many rows at once, each database by its quickest way, and let it know what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session


def insert_rows(session: Session, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of texts, numbers, truth values and None; column types of our own (times, JSON) are not applied.

    Args:
        table: its name, and `columns` those of the values in each row, as constants of the caller.
    """
    if not rows:
        return
    connection = session.connection()
    listed = ", ".join(columns)
    if connection.dialect.name != "postgresql":
        places = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table} ({listed}) VALUES ({places})", list(rows))  # noqa: S608
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def refresh_statistics(session: Session, *tables: str) -> None:
    """Have PostgreSQL's planner look at tables that have just grown.

    Its own look comes up to a minute later; until then it takes them for empty, and a question about 1,000 items of
    50,000 took a second.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text(f"ANALYZE {', '.join(tables)}"))
