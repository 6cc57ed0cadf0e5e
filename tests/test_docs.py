"""The documents name commands, options and files that there are."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from evalhub.cli import cli

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(evalhub [a-z][^`…]*)`")
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#]*)(?:#([^)]+))?\)")
PICTURE = re.compile(r"(?:src|srcset)=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_and_option_exists(document: Path) -> None:
    wrong = [problem for words in _commands(document.read_text()) if (problem := _problem(words))]
    assert wrong == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_a_heading_that_there_are(document: Path) -> None:
    text = document.read_text()
    lost = [picture for picture in PICTURE.findall(text) if not (document.parent / picture).is_file()]
    for path, anchor in LINK.findall(text):
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in _anchors(target.read_text())):
            lost.append(f"{path}#{anchor}")
    assert lost == []


def _anchors(text: str) -> set[str]:
    """The names that a forge gives to headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in HEADING.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    }


def test_the_reference_of_commands_is_made_from_the_commands() -> None:
    """In a process of its own: a command that ran alone before names its option for help otherwise."""
    code = "from scripts.references import commands_document; print(commands_document(), end='')"
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs" / "cli.md").read_text() == made, "run `make docs`"


def test_the_table_of_settings_is_made_from_the_settings() -> None:
    document = (ROOT / "docs" / "configuration.md").read_text()
    assert document == _references().with_settings(document), "run `make docs`"


def _references() -> ModuleType:
    spec = importlib.util.spec_from_file_location("references", ROOT / "scripts" / "references.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _commands(text: str) -> Iterator[list[str]]:
    blocks = [block.replace("\\\n", " ") for block in FENCE.findall(text)]
    lines = [line for block in blocks for line in block.splitlines()] + INLINE.findall(text)
    for line in lines:
        words = shlex.split(line, comments=True) if re.search(r"\bevalhub ", line) else []
        while "evalhub" in words:
            words = words[words.index("evalhub") + 1 :]
            end = next((i for i, word in enumerate(words) if word in ("&&", "|", ";", ">")), len(words))
            yield words[:end]


def _problem(words: list[str]) -> str | None:
    """What of a command does not exist; None when all does."""
    command: click.Command = cli
    rest = list(words)
    known = {"--help", "--instance"}
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(click.Context(command), rest[0])
        if found is None:
            return f"evalhub {' '.join(words)}: there is no {rest[0]}"
        command = found
        del rest[0]
    known |= {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    options = [word.split("=", 1)[0] for word in rest if word.startswith("-") and word != "-"]
    unknown = [option for option in options if option not in known]
    return f"evalhub {' '.join(words)}: there is no {unknown[0]}" if unknown else None
