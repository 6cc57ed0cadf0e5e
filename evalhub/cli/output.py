"""How commands print figures: JSON for programs, a table for people."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))


def print_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table whose numbers stand right; control characters of names are made visible."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from evalhub.cli import escape_controls

    listed = [list(row) for row in rows]
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    for place, heading in enumerate(headings):
        is_number = bool(listed) and all(isinstance(row[place], int | float) for row in listed)
        table.add_column(heading, justify="right" if is_number else "left")
    for row in listed:
        table.add_row(*(Text(escape_controls(str(cell))) for cell in row))
    width = None if sys.stdout.isatty() else max(100, shutil.get_terminal_size().columns)
    Console(file=sys.stdout, width=width).print(table)
