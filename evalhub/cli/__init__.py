"""The `evalhub` command. Every command is a module of this package that is imported when it is called.

A command parses, calls one service and prints; what it raises becomes a message and an exit status here, once.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from evalhub import __version__
from evalhub.errors import BadInput, EvalhubError

COMMANDS = {
    "agreement": ("agreement", "How far the ratings of a file agree; needs no instance."),
    "audit": ("audit", "Verify and export the audit log."),
    "calibrate": ("calibrate", "The calibration report of a project."),
    "dataset": ("dataset", "Import, list and show datasets."),
    "db": ("db", "Upgrade, downgrade and check the database."),
    "demo": ("demo", "Make an instance with a demo project and serve it."),
    "doctor": ("doctor", "Check settings, database and invariants."),
    "explain": ("explain", "Why an item scored what it did."),
    "export": ("export", "Write a project's scored dataset."),
    "init": ("init", "Set up an instance and print a link for its admin."),
    "item": ("item", "Withdraw, restore and replace items."),
    "project": ("project", "Create, list, close and reopen projects, and show how far they are."),
    "ratings": ("ratings", "Import past ratings."),
    "review": ("review", "Void reviews."),
    "round": ("round", "Hand out, show, close and compare calibration rounds."),
    "rubric": ("rubric", "Check, add, list, show and compare rubrics."),
    "serve": ("serve", "Serve the instance."),
    "token": ("token", "Add, list and revoke API tokens."),
    "training": ("training", "Gold items, and who is certified."),
    "user": ("user", "Add, list and disable people."),
    "verify": ("export", "Check an exported dataset; needs no instance."),
    "work": ("work", "Do background work."),
}
"""Name → module of this package that defines a command of that name, and what it does in one line."""


class Commands(click.Group):
    """Commands that are imported when they are used, so that `evalhub --help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"evalhub.cli.{module}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _instance_first(args))

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run, print what went wrong, and end the process with the exit status that says so."""
        if not extra.pop("standalone_mode", True):
            return super().main(args, prog_name, standalone_mode=False, **extra)
        sys.exit(self._status(args, prog_name, extra))

    def _status(self, args: Sequence[str] | None, prog_name: str | None, extra: dict[str, Any]) -> int:
        try:
            status = super().main(args, prog_name, standalone_mode=False, **extra)
        except click.ClickException as error:
            error.show()
            return 2
        except click.Abort:
            _say("stopped; nothing more was done")
            return 130
        except BrokenPipeError:
            sys.stderr.close()
            return 0
        except EvalhubError as error:
            for line in error_lines(error):
                _say(line)
            return error.exit_status
        except Exception as error:
            known = _known(error)
            if known is None:
                raise
            message, status = known
            _say(f"evalhub: {message}")
            return status
        return status if isinstance(status, int) else 0


def _known(error: Exception) -> tuple[str, int] | None:
    """What to say of an error that is none of ours but can be helped, and its exit status.

    Classes of libraries go by their names, so that no command imports them for this.
    """
    name = f"{type(error).__module__.partition('.')[0]}.{type(error).__name__}"
    if name == "sqlalchemy.OperationalError":
        return f"the database cannot be used: {str(getattr(error, 'orig', error)).strip()}", 3
    if name == "pydantic_core.ValidationError":
        first = error.errors()[0]  # type: ignore[attr-defined]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}", 2
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        return "an argument holds bytes that are not UTF-8", 2
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error), 3
    return None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--instance", metavar="DIR", help="The instance's folder; else EVALHUB_INSTANCE, else ./instance.")
@click.version_option(__version__, message="evalhub %(version)s")
@click.pass_context
def cli(ctx: click.Context, *, instance: str | None) -> None:
    """Rubric-based evaluation of AI output by experts, with figures on how far the grades can be trusted."""
    ctx.obj = instance


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the process ends with its exit status."""
    cli.main(args=None if arguments is None else list(arguments), prog_name="evalhub")


def error_lines(error: EvalhubError) -> list[str]:
    """The error as lines for a terminal: every fault with its place, or else the message."""
    if not error.faults:
        return [f"evalhub: {error.message}"]
    if not isinstance(error, BadInput):
        return [f"evalhub: {error.message}", *(f"  {fault.located('')}" for fault in error.faults)]
    lines = [fault.located(error.source) for fault in error.faults]
    unlisted = error.total - len(error.faults)
    return [*lines, f"… and {unlisted} more"] if unlisted > 0 else lines


def _instance_first(args: list[str]) -> list[str]:
    """`--instance` may stand anywhere, also after the command."""
    taken: list[str] = []
    rest: list[str] = []
    remaining = iter(args)
    for argument in remaining:
        if argument == "--":
            rest += [argument, *remaining]
        elif argument == "--instance":
            taken = [argument, *([value] if (value := next(remaining, None)) is not None else [])]
        elif argument.startswith("--instance="):
            taken = [argument]
        else:
            rest.append(argument)
    return [*taken, *rest]


def _say(line: str) -> None:
    click.echo(escape_controls(line), err=True)


def escape_controls(text: str) -> str:
    """The text with what could steer a terminal made visible; line feeds stay."""
    return "".join(
        character.encode("unicode_escape").decode()
        if character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Cs")
        else character
        for character in text
    )
