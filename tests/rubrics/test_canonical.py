"""Equal rubrics have equal bytes, whatever they were typed like."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub.rubrics.schema import canonical_json, parse_rubric, rubric_from_canonical

BASE = b"""\
name: answers
version: 1
levels: [unacceptable, adequate, excellent]
criteria:
  - id: accuracy
    title: Accuracy
    description: |
      First.
      Second.
"""

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=40)
lines = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1, max_size=20).filter(
    str.strip
)
numbers = st.integers(1, 1000) | st.floats(0.001, 1000, allow_nan=False).map(lambda number: round(number, 6))
slugs = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True)


@st.composite
def criteria(draw: st.DrawFn, key: str) -> dict[str, Any]:
    criterion: dict[str, Any] = {"id": key, "title": draw(lines), "weight": draw(numbers)}
    criterion |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "description": texts,
                "guidance": texts,
                "group": lines,
                "critical": st.booleans(),
                "not_applicable": st.booleans(),
                "applies_to": st.lists(lines, min_size=1, max_size=3, unique_by=str.strip),
                "failure_tags": st.lists(slugs, max_size=3, unique=True),
                "note": st.sampled_from(["required", "optional"]),
            },
        )
    )
    if draw(st.booleans()):
        low = draw(st.integers(-5, 5))
        criterion["range"] = {"min": low, "max": low + draw(st.integers(1, 9)), "step": 0.5}
    else:
        keys = draw(st.lists(slugs, min_size=2, max_size=5, unique=True))
        criterion["levels"] = [
            {"id": level, "description": draw(texts), "score": rank} for rank, level in enumerate(keys)
        ]
    return criterion


@st.composite
def rubrics(draw: st.DrawFn) -> dict[str, Any]:
    keys = draw(st.lists(slugs, min_size=1, max_size=4, unique=True))
    return {
        "name": draw(slugs),
        "version": draw(st.integers(1, 2**31 - 1)),
        "title": draw(lines),
        "description": draw(texts),
        "criteria": [draw(criteria(key)) for key in keys],
    }


@settings(max_examples=150, deadline=None)
@given(rubrics())
def test_the_canonical_json_of_a_rubric_is_a_rubric_file_that_means_the_same(document: dict[str, Any]) -> None:
    rubric = parse_rubric(_as_file(document), "r.yaml")
    written = canonical_json(rubric)
    again = parse_rubric(written, "canonical")
    assert again == rubric
    assert canonical_json(again) == written
    assert again.sha256 == rubric.sha256
    assert rubric_from_canonical(written.decode()) == rubric


def _as_file(document: dict[str, Any]) -> bytes:
    """JSON with what YAML takes for line breaks escaped: a rubric file like any other."""
    text = json.dumps(document, ensure_ascii=False)
    for character in "\u2028\u2029\ufeff\u0085":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()


def test_line_ends_marks_and_comments_do_not_change_the_hash() -> None:
    sha256 = parse_rubric(BASE, "r.yaml").sha256
    for other in (BASE.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + BASE, BASE + b"# a comment\n", b"---\n" + BASE):
        assert parse_rubric(other, "r.yaml").sha256 == sha256


def test_a_shorthand_and_its_full_form_are_the_same_rubric() -> None:
    full = BASE.replace(
        b"[unacceptable, adequate, excellent]", b"[{id: unacceptable}, adequate, {id: excellent, score: 2.0}]"
    )
    full = full.replace(b"    title: Accuracy\n", b"    title: 'Accuracy'\n    weight: 1.0\n    note: optional\n")
    assert parse_rubric(full, "r.yaml") == parse_rubric(BASE, "r.yaml")


def test_a_changed_word_changes_the_hash_and_the_fingerprint() -> None:
    one, other = parse_rubric(BASE, "r"), parse_rubric(BASE.replace(b"Second", b"Third"), "r")
    assert one.sha256 != other.sha256
    assert one.criteria[0].fingerprint != other.criteria[0].fingerprint


def test_weight_and_place_do_not_change_the_fingerprint() -> None:
    plain = parse_rubric(BASE, "r").criteria[0]
    other = parse_rubric(
        BASE.replace(
            b"  - id: accuracy\n", b"  - {id: tone, title: Tone}\n  - id: accuracy\n    weight: 3\n    group: G\n"
        ),
        "r",
    ).criteria[1]
    assert plain.fingerprint == other.fingerprint


def test_numbers_are_written_without_exponents() -> None:
    content = BASE + b"    weight: 0.000001\n"
    written = canonical_json(parse_rubric(content, "r"))
    assert b'"weight":0.000001' in written
    assert parse_rubric(written, "r") == parse_rubric(content, "r")
