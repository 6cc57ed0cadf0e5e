"""`evalhub rubric`: check, add, list, show and compare rubrics."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalhub.cli import error_lines, escape_controls
from evalhub.errors import BadInput

if TYPE_CHECKING:
    from evalhub.rubrics.schema import Criterion, Rubric

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def rubric() -> None:
    """Check, add, list, show and compare rubrics."""


@rubric.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@AS_JSON
@click.pass_context
def check(ctx: click.Context, *, files: tuple[Path, ...], as_json: bool) -> None:
    """Say whether each FILE is a rubric, and everything that is wrong with those that are not; needs no instance."""
    outcomes = [_checked(file) for file in files]
    if as_json:
        click.echo(json.dumps(outcomes, ensure_ascii=False, indent=1))
    ctx.exit(0 if all(outcome["valid"] for outcome in outcomes) else 2)


def _checked(file: Path) -> dict[str, Any]:
    """The outcome for JSON; what people read goes out on the way."""
    as_json = click.get_current_context().params["as_json"]
    try:
        found = _read(file)
    except BadInput as error:
        if not as_json:
            for line in error_lines(error):
                click.echo(escape_controls(line), err=True)
        faults = [fault.as_detail() for fault in error.faults]
        return {"file": str(file), "valid": False, "faults": faults, "total": error.total}
    if not as_json:
        _say(
            f"{file}: {found.name} version {found.version}, {_count(len(found.criteria), 'criterion', 'criteria')}: ok"
        )
    outcome = {"file": str(file), "valid": True, "name": found.name, "version": found.version}
    return outcome | {"sha256": found.sha256, "criteria": [criterion.key for criterion in found.criteria]}


@rubric.command()
@click.argument("file", type=FILE)
@AS_JSON
@click.pass_context
def add(ctx: click.Context, *, file: Path, as_json: bool) -> None:
    """Publish the rubric in FILE; a published version never changes."""
    from evalhub.cli.instance import open_instance
    from evalhub.rubrics.service import add_rubric
    from evalhub.web.context import utc_now

    content, now = _content(file), utc_now()
    added = open_instance(ctx).write(
        lambda session: add_rubric(session, content, source_name=str(file), actor_id=None, now=now)
    )
    version = added.version
    if as_json:
        described = {"name": version.rubric.name, "version": version.number, "sha256": version.sha256}
        click.echo(json.dumps(described | {"created": added.created}, indent=1))
        return
    done = "published" if added.created else "was there before, with the same content"
    _say(f"{version.rubric.name}@{version.number} {done}")


@rubric.command("list")
@AS_JSON
@click.pass_context
def list_rubrics(ctx: click.Context, *, as_json: bool) -> None:
    """List the rubrics of the instance, each with its newest version."""
    from evalhub.cli.instance import open_instance
    from evalhub.rubrics.queries import rubric_summaries

    with open_instance(ctx).reading() as session:
        found = rubric_summaries(session)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], default=str, ensure_ascii=False, indent=1))
        return
    for each in found:
        criteria = _count(each.criteria, "criterion", "criteria")
        _say(f"{each.name}@{each.newest}  {each.title}  ({criteria}, {_count(each.versions, 'version', 'versions')})")
    if not found:
        _say("There is no rubric yet; `evalhub rubric add FILE` publishes one.")


@rubric.command()
@click.argument("reference", metavar="NAME[@VERSION]|FILE")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print the file as it was published.")
@AS_JSON
@click.pass_context
def show(ctx: click.Context, *, reference: str, as_yaml: bool, as_json: bool) -> None:
    """Print a rubric with every descriptor; the newest version where no number is given."""
    found, source = _find(ctx, reference)
    if as_yaml:
        click.echo(source, nl=False)
    elif as_json:
        described = {"sha256": found.sha256, "rubric": found.as_document()}
        click.echo(json.dumps(described, ensure_ascii=False, indent=1))
    else:
        _say("\n".join(_lines(found)))


@rubric.command()
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@AS_JSON
@click.pass_context
def diff(ctx: click.Context, *, before: str, after: str, as_json: bool) -> None:
    """Say what changed between two rubrics, each a FILE or NAME[@VERSION], and which figures stay comparable."""
    from evalhub.rubrics import schema

    found = schema.diff(_find(ctx, before)[0], _find(ctx, after)[0])
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False, indent=1))
        return
    for change in found.changes:
        where = " ".join(part for part in (change.criterion, change.field) if part)
        _say(f"{change.kind.value}: {where}: {_shown(change.before)} -> {_shown(change.after)}")
    if not found.changes:
        _say("Nothing changed.")
    for sentence in found.sentences():
        _say(sentence)


@rubric.command()
@click.argument("name")
@AS_JSON
@click.pass_context
def rulings(ctx: click.Context, *, name: str, as_json: bool) -> None:
    """Print how the owner of the rubric NAME reads it: each ruling that holds, with the versions that it holds in."""
    from evalhub.cli.instance import open_instance
    from evalhub.inbox.queries.rulings import rulings_of
    from evalhub.rubrics.queries import resolve

    with open_instance(ctx).reading() as session:
        lines = [line for line in rulings_of(session, resolve(session, name).rubric_id) if not line.ruling.withdrawn_at]
    if as_json:
        listed = [
            {
                "criterion": line.ruling.criterion_key,
                "text": line.ruling.text,
                "made_at": line.ruling.made_at.isoformat(),
                "versions": line.versions,
            }
            for line in lines
        ]
        click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
        return
    for line in lines:
        numbers = ", ".join(map(str, line.versions))
        day = f"{line.ruling.made_at:%Y-%m-%d}"
        _say(f"{line.ruling.criterion_key} (version {numbers}; {day}): {' '.join(line.ruling.text.split())}")
    if not lines:
        _say("There is no ruling yet; the owner pins one when answering a question in the inbox.")


@rubric.command()
def schema() -> None:
    """Print the JSON Schema of rubric files, for editors; needs no instance."""
    from evalhub.rubrics.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2, sort_keys=True))


def _content(file: Path) -> bytes:
    """As much of the file as tells that it is too long, if it is."""
    from evalhub.rubrics.schema.tree import SIZE_LIMIT

    with file.open("rb") as stream:
        return stream.read(SIZE_LIMIT + 1)


def _read(file: Path) -> Rubric:
    from evalhub.rubrics.schema import parse_rubric

    return parse_rubric(_content(file), str(file))


def _find(ctx: click.Context, reference: str) -> tuple[Rubric, str]:
    """The rubric that a file or a reference names, and its YAML; a file needs no instance.

    Raises:
        BadInput: it is neither.
    """
    path = Path(reference)
    if path.is_file():
        return _read(path), path.read_text("utf-8-sig")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*(@[0-9]+)?", reference):
        raise BadInput(f"{reference}: no such file, and no NAME or NAME@VERSION of a rubric either")
    from evalhub.cli.instance import open_instance
    from evalhub.rubrics.queries import resolve, rubric_of

    with open_instance(ctx).reading() as session:
        version = resolve(session, reference)
    return rubric_of(version), version.yaml


def _lines(found: Rubric) -> list[str]:
    lines = [f"{found.title}  ({found.name}@{found.version}, {found.scoring.value})"]
    if found.description:
        lines += ["", *found.description.rstrip().splitlines()]
    for criterion in found.criteria:
        lines += ["", *_criterion_lines(criterion)]
    return lines


def _criterion_lines(criterion: Criterion) -> list[str]:
    facts = [criterion.scale.value, f"weight {criterion.weight:g}"]
    facts += ["critical"] if criterion.critical else []
    facts += [f"{criterion.points:g} points"] if criterion.points is not None else []
    facts += ["may be not applicable"] if criterion.not_applicable else []
    lines = [f"{criterion.title}  ({criterion.key}; {', '.join(facts)})"]
    lines += [f"  {criterion.description.strip()}"] if criterion.description else []
    if criterion.range is not None:
        scale = criterion.range
        lines.append(f"  a number from {scale.min:g} to {scale.max:g} in steps of {scale.step:g}")
    for level in criterion.levels:
        descriptor = " ".join(level.description.split())
        lines.append(
            f"  {level.rank + 1}. {level.key}: {descriptor}" if descriptor else f"  {level.rank + 1}. {level.key}"
        )
    return lines


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _shown(text: str) -> str:
    short = " ".join(text.split())
    return f"{short[:70]}…" if len(short) > 70 else short or "(nothing)"


def _say(text: str) -> None:
    click.echo(escape_controls(text))
