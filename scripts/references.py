"""Write the references of docs/ anew: `.venv/bin/python scripts/references.py`.

docs/cli.md is made from the commands, the table of docs/configuration.md from the settings; a test compares both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import annotated_types
import click
from pydantic.fields import FieldInfo

from evalhub.cli import cli
from evalhub.config import Settings

DOCS = Path(__file__).parent.parent / "docs"
BEGIN, END = "<!-- made by `make docs` from evalhub/config.py -->", "<!-- end -->"
WIDTH = 100
CLI_HEAD = """\
# Commands

Made from the commands by `make docs`; `evalhub COMMAND --help` says the same.

The instance is found by `evalhub --instance DIR …`, else by `EVALHUB_INSTANCE`, else as `./instance`. Exit status:
0 done, 1 a check failed, 2 wrong use or bad input (with file, line and column), 3 it cannot start or something is
unavailable. Commands that print figures print them for programs with `--json`.
"""


def main() -> None:
    (DOCS / "cli.md").write_text(commands_document())
    configuration = DOCS / "configuration.md"
    configuration.write_text(with_settings(configuration.read_text()))


def commands_document() -> str:
    """docs/cli.md: every command's help, in the order of their names."""
    commands = list(_commands(cli, "evalhub"))
    index = "\n".join(
        f"- [`{name}`](#{name.replace(' ', '-')}): {command.get_short_help_str(300)}" for name, command in commands
    )
    sections = [
        f"## {name}\n\n```text\n{command.get_help(_context(command, name))}\n```\n" for name, command in commands
    ]
    return "\n".join([CLI_HEAD, index + "\n", *sections])


def with_settings(document: str) -> str:
    """The document with its table of settings as they are now."""
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}\n{settings_table()}\n{END}{rest.split(END)[1]}"


def settings_table() -> str:
    rows = [
        f"| `{name}` | `EVALHUB_{name.upper()}` | {_default(field)} | {_meaning(field)} |"
        for name, field in Settings.model_fields.items()
        if name != "instance"
    ]
    return "\n".join(["| setting | in the environment | default | meaning |", "|---|---|---|---|", *rows])


def _commands(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    """Commands that do something, each with its whole name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, f"{prefix} {name}")
        elif command is not None and not command.hidden:
            yield f"{prefix} {name}", command


def _context(command: click.Command, name: str) -> click.Context:
    return click.Context(
        command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH, help_option_names=["-h", "--help"]
    )


def _default(field: FieldInfo) -> str:
    if field.is_required() or field.default in (None, ()):
        return "none"
    return f"`{field.default}`"


def _meaning(field: FieldInfo) -> str:
    limits = [_limit(each) for each in field.metadata if isinstance(each, annotated_types.Ge | annotated_types.Le)]
    meaning = (field.description or "").replace("|", "\\|")
    return f"{meaning} ({', '.join(limits)})" if limits else meaning


def _limit(bound: Any) -> str:
    return f"at least {bound.ge}" if isinstance(bound, annotated_types.Ge) else f"at most {bound.le}"


if __name__ == "__main__":
    main()
