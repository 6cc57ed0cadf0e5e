"""How commands print figures: JSON for programs, a table for people."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.table import Table


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))


def print_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table whose numbers stand right; control characters of names are made visible."""
    from rich.console import Console

    listed = [list(row) for row in rows]
    columns = shutil.get_terminal_size().columns
    console = Console(file=sys.stdout, width=columns if sys.stdout.isatty() else max(100, columns))
    table = _table(title, headings, listed)
    fits = console.measure(table, options=console.options.update(width=10_000)).maximum <= console.width
    console.print(table if fits else _table(title, headings, listed, narrow=True))


def _table(title: str, headings: Sequence[str], rows: list[list[object]], *, narrow: bool = False) -> Table:
    """Where it is to be narrow, lines break between words: a verdict that ends in dots would say nothing."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from evalhub.cli import escape_controls

    padding = (0, 0 if narrow else 1, 0, 0)
    table = Table(title=title, title_justify="left", box=box.SIMPLE, padding=padding, pad_edge=False)
    for place, heading in enumerate(headings):
        is_number = bool(rows) and all(isinstance(row[place], int | float) for row in rows)
        words = [word for cell in (heading, *(row[place] for row in rows)) for word in str(cell).split()]
        widest = max(map(len, words), default=1) if narrow else None
        table.add_column(heading, justify="right" if is_number else "left", max_width=widest, overflow="fold")
    for row in rows:
        table.add_row(*(Text(escape_controls(str(cell))) for cell in row))
    return table
