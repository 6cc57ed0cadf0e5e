"""Texts of rubrics: another version number and nothing else, and what changed line by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.rubrics.ready import blank_rubric, ready_rubrics
from evalhub.rubrics.schema import LineKind, canonical_json, parse_rubric, text_diff, title_in, with_version
from evalhub.rubrics.schema.text_diff import LINES_LIMIT

SOURCES = [blank_rubric(), *(ready.source for ready in ready_rubrics().values())]


@given(st.sampled_from(SOURCES), st.integers(1, 10**6), st.sampled_from(["\n", "\r\n"]))
def test_a_new_number_changes_the_version_and_not_another_character(source: str, number: int, end: str) -> None:
    source = source.replace("\n", end)
    renumbered = with_version(source, number)
    before, after = (parse_rubric(text.encode(), "r") for text in (source, renumbered))
    assert after == before.model_copy(update={"version": number})
    assert with_version(renumbered, before.version) == source


def test_canonical_json_is_renumbered_too() -> None:
    rubric = parse_rubric(SOURCES[0].encode(), "r")
    text = with_version(canonical_json(rubric).decode(), 12)
    assert parse_rubric(text.encode(), "r").version == 12


@pytest.mark.parametrize(
    "source", ["", "name: x", "version:", "version: one", 'version: "1"x', "- a", "version: {a: 1}"]
)
def test_without_a_number_the_text_stays_as_it_is(source: str) -> None:
    assert with_version(source, 2) == source


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ('name: a\ntitle: "A b"  # c\n', "A b"),
        ("name: a\ncriteria:\n  - title: no\n", "a"),
        ("title: [\nname: x", "["),
        ("{}", ""),
        ("title:\n", ""),
    ],
)
def test_a_faulty_text_still_says_what_it_is_called(source: str, title: str) -> None:
    assert title_in(source) == title


@given(st.lists(st.sampled_from("abc"), max_size=40), st.lists(st.sampled_from("abcd"), max_size=40))
def test_a_line_diff_leads_from_one_text_to_the_other(before: list[str], after: list[str]) -> None:
    lines = text_diff("\n".join(before), "\n".join(after))
    assert lines is not None
    olds, news = "\n".join(before).split("\n"), "\n".join(after).split("\n")
    assert all(line.text == olds[line.before - 1] for line in lines if line.before)
    assert all(line.text == news[line.after - 1] for line in lines if line.after)
    removed = {line.before for line in lines if line.kind is LineKind.REMOVED}
    added = {line.after for line in lines if line.kind is LineKind.ADDED}
    kept = [text for n, text in enumerate(olds, 1) if n not in removed]
    assert kept == [text for n, text in enumerate(news, 1) if n not in added]


def test_texts_that_would_take_minutes_are_not_compared() -> None:
    assert text_diff("a\n" * LINES_LIMIT, "a") is None


def test_the_blank_rubric_teaches_every_key_of_the_reference() -> None:
    reference = (Path(__file__).parents[2] / "docs" / "rubrics.md").read_text()
    for key in ("failure_tags", "not_applicable", "applies_to", "examples", "guidance", "scoring", "confidence"):
        assert key in blank_rubric()
        assert f"`{key}`" in reference
