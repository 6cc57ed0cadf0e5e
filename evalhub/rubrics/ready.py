"""Rubrics to begin with: those that are shipped, and a blank one whose comments teach."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from evalhub.migrating import shipped
from evalhub.rubrics.schema import Rubric, parse_rubric

BLANK = Path(__file__).parent / "blank.yaml"


class Ready(NamedTuple):
    rubric: Rubric
    source: str


@lru_cache(maxsize=1)
def ready_rubrics() -> dict[str, Ready]:
    """The shipped rubrics by name; read once a process, since they come with the program."""
    sources = [path.read_bytes() for path in sorted(shipped("rubrics").glob("*.yaml"))]
    found = [Ready(parse_rubric(source, "shipped rubric"), source.decode()) for source in sources]
    return {each.rubric.name: each for each in found}


def blank_rubric() -> str:
    """A rubric of two criteria, itself valid, that says what each line is for."""
    return BLANK.read_text("utf-8")
