"""What a rubric file may say, and what each fault in it is called."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from evalhub.errors import BadInput, TooLarge
from evalhub.rubrics.schema import OverallLevel, Scale, Scoring, parse_rubric

HEAD = "name: answers\nversion: 1\nlevels: [unacceptable, adequate, excellent]\ncriteria:\n"
ONE = HEAD + "  - id: accuracy\n    title: Accuracy\n"


def faults_of(text: str | bytes) -> list[tuple[str, str, int | None, int | None]]:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(BadInput) as caught:
        parse_rubric(content, "r.yaml")
    return [(fault.code, fault.path, fault.line, fault.column) for fault in caught.value.faults]


def message_of(text: str) -> str:
    with pytest.raises(BadInput) as caught:
        parse_rubric(text.encode(), "r.yaml")
    return caught.value.faults[0].located("r.yaml")


def test_the_corpus_is_accepted_and_refused_as_its_manifest_says(shared: Path) -> None:
    manifest = json.loads((shared / "corpus" / "manifest.json").read_text())
    cases = [case for case in manifest["files"] if case["kind"] == "rubric_yaml"]
    assert len(cases) > 30
    for case in cases:
        content = (shared / "corpus" / case["path"]).read_bytes()
        started = time.process_time()
        try:
            parse_rubric(content, case["path"])
        except BadInput as error:
            outcome = ("reject", error.code if error.faults[0].line else "no line")
        else:
            outcome = ("accept", None)
        assert time.process_time() - started < 0.5, case["path"]
        wanted = case["expect"]
        assert outcome == (wanted["outcome"].removesuffix("_inert"), wanted.get("error_code")), case["path"]


def test_the_rubrics_of_the_real_datasets_are_read(shared: Path) -> None:
    files = sorted((shared / "data").glob("*/rubric.yaml"))
    assert len(files) >= 5
    for file in files:
        assert parse_rubric(file.read_bytes(), file.name).criteria


def test_default_levels_get_labels_scores_and_the_three_dashboard_levels() -> None:
    rubric = parse_rubric((ONE + "    levels: {adequate: Fine.}\n").encode(), "r.yaml")
    levels = rubric.criteria[0].levels
    assert [(level.key, level.rank, level.label, level.score, level.description) for level in levels] == [
        ("unacceptable", 0, "Unacceptable", 0, ""),
        ("adequate", 1, "Adequate", 1, "Fine."),
        ("excellent", 2, "Excellent", 2, ""),
    ]
    assert [level.maps_to for level in levels] == list(OverallLevel)


def test_every_key_of_the_reference_is_read() -> None:
    rubric = parse_rubric(
        b"""\
name: full
version: 3
title: "Full"
description: |
  Guidance.
levels: [{id: bad, label: Bad, score: -1, maps_to: unacceptable}, {id: good, score: 2.5}]
scoring: points
pass: {score_at_least: 0.7}
confidence: true
criteria:
  - id: a
    title: A
    description: "?"
    guidance: |
      Long.
    group: Substance
    scale: nominal
    weight: 2
    critical: true
    points: -5
    note: {required_at_or_below: bad}
    not_applicable: true
    applies_to: [code]
    failure_tags: [wrong-fact, {id: broken, label: "Broken code"}]
    examples: [{level: bad, text: "x", why: "y"}]
  - id: b
    title: B
    points: 3
    range: {min: 0, max: 1, step: 0.1}
    scale: ratio
    note: {required_at_or_below: 0.3}
    examples: [{value: 0.7, text: "x"}]
source: "S"
license: "L"
""",
        "r.yaml",
    )
    first, second = rubric.criteria
    assert (rubric.version, rubric.scoring, rubric.confidence) == (3, Scoring.POINTS, True)
    assert rubric.pass_rule is not None
    assert rubric.pass_rule.score_at_least == 0.7
    assert (first.scale, first.weight, first.points, first.critical) == (Scale.NOMINAL, 2, -5, True)
    assert [(tag.key, tag.label) for tag in first.failure_tags] == [
        ("wrong-fact", "Wrong fact"),
        ("broken", "Broken code"),
    ]
    assert first.note.requires(rank=0)
    assert not first.note.requires(rank=1)
    assert not first.note.requires()
    assert first.examples[0].rank == 0
    assert first.applies(["code", "x"])
    assert not first.applies(["prose"])
    assert second.range is not None
    assert second.range.holds(0.3)
    assert not second.range.holds(0.35)
    assert second.note.requires(value=0.3)
    assert not second.note.requires(value=0.4)
    assert second.examples[0].value == 0.7


@pytest.mark.parametrize(
    ("text", "code", "path", "line", "column"),
    [
        ("", "schema", "", 1, 1),
        ("just text", "schema", "", 1, 1),
        ("- a", "schema", "", 1, 1),
        ("name: [", "yaml_syntax", "name", 1, 8),
        ("name: x\nlevels:\n\t- a", "yaml_syntax", "levels", 3, 1),
        ("a: &x 1", "yaml_alias", "a", 1, 4),
        ("a: *x", "yaml_alias", "a", 1, 4),
        ("a: {<<: {b: 1}}", "yaml_alias", "a.<<", 1, 5),
        ("a: !!python/name:os.system", "yaml_tag", "a", 1, 4),
        ("a: !env X", "yaml_tag", "a", 1, 4),
        ("%TAG ! tag:x,2000:\n---\na: 1", "yaml_tag", "", 1, 1),
        ("a: !!set {x}", "schema", "a", 1, 4),
        ("a: !!str x", "schema", "a", 1, 4),
        ("a: 1\na: 2", "yaml_duplicate_key", "a", 2, 1),
        ("a: 1\n---\nb: 2", "yaml_multi_document", "", 2, 1),
        ("a: 1\n...\nb: 2", "yaml_syntax", "", 3, 1),
        ("[" * 13, "yaml_depth", "[0][0][0][0][0][0][0][0][0][0][0][0]", 1, 13),
        ("- " * 13 + "x", "yaml_depth", "[0][0][0][0][0][0][0][0][0][0][0][0]", 1, 25),
        ('a: "x\\0"', "control_character", "a", 1, 4),
        ('a: "x\\r"', "control_character", "a", 1, 4),
        ("a: x\n\nb: \x1b[31m", "control_character", "", 3, 4),
        ("? [a]\n: b", "schema", "", 1, 3),
        ("name: answers\nyes: 1", "schema", "yes", 2, 1),
    ],
)
def test_a_fault_of_form_has_its_code_and_place(text: str, code: str, path: str, line: int, column: int) -> None:
    assert faults_of(text)[0] == (code, path, line, column)


def test_bytes_that_are_not_utf_8_are_named_with_their_place() -> None:
    assert faults_of(b"name: x\ntitle: \xc3\xa4\xff") == [("encoding", "", 2, 9)]
    assert faults_of("name: x".encode("utf-16"))[0][0] == "encoding"


def test_a_file_over_the_limit_is_too_large() -> None:
    for content in (b"#" * (256 * 1024 + 1), b"a: [" + b"1," * 30_000 + b"]"):
        with pytest.raises(TooLarge) as caught:
            parse_rubric(content, "r.yaml")
        assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("weight: 0", "criteria[0].weight"),
        ("weight: -1", "criteria[0].weight"),
        ("weight: 1000.5", "criteria[0].weight"),
        ("weight: .nan", "criteria[0].weight"),
        ("weight: .inf", "criteria[0].weight"),
        ("weight: '2'", "criteria[0].weight"),
        ("weight: 010", "criteria[0].weight"),
        ("weight: 1e2", "criteria[0].weight"),
        ("weight: 1_0", "criteria[0].weight"),
        ("weight:", "criteria[0].weight"),
        ("critical: yes", "criteria[0].critical"),
        ("scale: cardinal", "criteria[0].scale"),
        ("points: 3", "criteria[0].points"),
        ("group: 12:30", "criteria[0].group"),
        ("group: 2024-01-01", "criteria[0].group"),
        ("group: 010", "criteria[0].group"),
        ("group: no", "criteria[0].group"),
        ("group: n", "criteria[0].group"),
        ("group: 1e9", "criteria[0].group"),
        ("group: 0o17", "criteria[0].group"),
        ("group: ~", "criteria[0].group"),
        ("group: =", "criteria[0].group"),
        ('group: ""', "criteria[0].group"),
        ('group: "a\\nb"', "criteria[0].group"),
        ("description: 12", "criteria[0].description"),
        ("note: sometimes", "criteria[0].note"),
        ("note: {required_at_or_below: poor}", "criteria[0].note.required_at_or_below"),
        ("note: {required_at_or_below: 1}", "criteria[0].note.required_at_or_below"),
        ("levels: [adequate]", "criteria[0].levels"),
        ("levels: [a, a]", "criteria[0].levels[1]"),
        ("levels: [a, {id: a}]", "criteria[0].levels[1].id"),
        ("levels: [a, no]", "criteria[0].levels[1]"),
        ("levels: ['a b', c]", "criteria[0].levels[0]"),
        ("levels: [{id: a, score: 2}, {id: b, score: 1}]", "criteria[0].levels[1].score"),
        ("levels: [{id: a, score: 1}, {id: b, score: 1}]", "criteria[0].levels"),
        ("levels: [{id: a, maps_to: good}, b]", "criteria[0].levels[0].maps_to"),
        ("levels: [{id: a, maps_to: excellent}, {id: b, maps_to: adequate}]", "criteria[0].levels[1].maps_to"),
        ("levels: {superb: x}", "criteria[0].levels.superb"),
        ("levels: {adequate: 5}", "criteria[0].levels.adequate"),
        ("levels: [a, b, c, d, e, f, g, h, i, j, k, l]", "criteria[0].levels"),
        ("range: {min: 1}", "criteria[0].range.max"),
        ("range: {min: 1, max: 1}", "criteria[0].range.max"),
        ("range: {min: 0, max: 1, step: 0.3}", "criteria[0].range.step"),
        ("range: {min: 0, max: 1, step: 0}", "criteria[0].range.step"),
        ("failure_tags: [T]", "criteria[0].failure_tags[0]"),
        ("failure_tags: [t, t]", "criteria[0].failure_tags[1]"),
        ("failure_tags: [{id: t, name: x}]", "criteria[0].failure_tags[0].name"),
        ("applies_to: []", "criteria[0].applies_to"),
        ("applies_to: [code, code]", "criteria[0].applies_to[1]"),
        ("examples: [{level: poor, text: x}]", "criteria[0].examples[0].level"),
        ("examples: [{text: x}]", "criteria[0].examples[0]"),
        ("examples: [{level: adequate}]", "criteria[0].examples[0].text"),
        ("pattern: x", "criteria[0].pattern"),
    ],
)
def test_a_fault_of_a_criterion_is_named_by_its_path(line: str, path: str) -> None:
    faults = faults_of(ONE + f"    {line}\n")
    assert [(code, where) for code, where, _, _ in faults] == [("schema", path)]
    assert faults[0][2] in {5, 7}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (ONE.replace("name: answers", "name: ../answers"), "name"),
        (ONE.replace("name: answers\n", ""), "name"),
        (ONE.replace("version: 1", "version: 0"), "version"),
        (ONE.replace("version: 1", "version: 1.5"), "version"),
        (ONE.replace("version: 1", "version: 1e9"), "version"),
        (ONE.replace("version: 1", "version: true"), "version"),
        (ONE.replace("version: 1", "version: 99999999999"), "version"),
        (ONE.replace("levels: [unacceptable, adequate, excellent]\n", ""), "levels"),
        (ONE.replace("title: Accuracy\n", ""), "criteria[0].title"),
        (HEAD + "  - accuracy\n", "criteria[0]"),
        (HEAD.replace("criteria:", "criteria: []"), "criteria"),
        (HEAD.replace("criteria:", "criteria: x"), "criteria"),
        (ONE + "  - id: accuracy\n    title: Again\n", "criteria[1].id"),
        (ONE + "scoring: mean\n", "scoring"),
        (ONE + "scoring: points\n", "criteria[0].points"),
        (ONE + "    points: 2\nscoring: penalty\n", "criteria[0].points"),
        (ONE + "pass: {}\n", "pass"),
        (ONE + "pass: {score_at_least: 0.5, level_at_least: adequate}\n", "pass"),
        (ONE + "pass: {score_at_least: 7}\n", "pass.score_at_least"),
        (ONE + "pass: {level_at_least: good}\n", "pass.level_at_least"),
        (ONE + "    range: {min: 1, max: 5}\n    levels: [a, b]\n", "criteria[0].levels"),
        (ONE + "    range: {min: 1, max: 5}\n    scale: nominal\n", "criteria[0].scale"),
        (ONE + "    range: {min: -1, max: 5}\n    scale: ratio\n", "criteria[0].range.min"),
        (
            ONE + "    range: {min: 1, max: 5}\n    note: {required_at_or_below: 9}\n",
            "criteria[0].note.required_at_or_below",
        ),
        (ONE + "criterias: []\n", "criterias"),
    ],
)
def test_a_fault_of_the_whole_is_named_by_its_path(text: str, path: str) -> None:
    assert [(code, where) for code, where, _, _ in faults_of(text)] == [("schema", path)]


@pytest.mark.parametrize("place", ["title", "group"])
def test_direction_controls_are_refused_in_names_and_allowed_in_prose(place: str) -> None:
    text = HEAD + f'  - id: a\n    title: T\n    {place}: "x \\u202E y"\n'.replace(
        "    title: T\n    title", "    title"
    )
    assert faults_of(text)[0][:2] == ("bidi_control", f"criteria[0].{place}")
    assert parse_rubric((ONE + '    guidance: "x \\u202E y"\n').encode(), "r.yaml")


def test_all_faults_come_at_once_in_the_order_of_the_file() -> None:
    text = (
        "name: Answers\nversion: '1'\nlevels: [unacceptable, adequate, excellent]\ncriteria:\n"
        "  - id: a\n    weight: -1\n    levels: {superb: x}\n    note: {required_at_or_below: poor}\n"
        "  - id: a\n    title: 2024-01-01\n    colour: red\nscoring: mean\n"
    )
    assert [(path, line) for _, path, line, _ in faults_of(text)] == [
        ("name", 1),
        ("version", 2),
        ("criteria[0].title", 5),
        ("criteria[0].weight", 6),
        ("criteria[0].levels.superb", 7),
        ("criteria[0].note.required_at_or_below", 8),
        ("criteria[1].id", 9),
        ("criteria[1].title", 10),
        ("criteria[1].colour", 11),
        ("scoring", 12),
    ]


def test_faults_of_form_come_before_faults_of_meaning() -> None:
    codes = [code for code, *_ in faults_of(ONE + "x: &a 1\nx: 2\n")]
    assert codes == ["yaml_alias", "yaml_duplicate_key", "schema"]


def test_a_message_says_what_is_wrong_and_what_would_be_right() -> None:
    assert message_of(ONE + "    group: no\n") == (
        'r.yaml:7:12: criteria[0].group: no is read as a yes or no; quote it: "no"'
    )
    assert message_of(ONE + "criterias: []\n") == (
        'r.yaml:7:1: criterias: is not a key that is known here; did you mean "criteria"?'
    )
    assert message_of(ONE + "    weight: -1\n") == (
        "r.yaml:7:13: criteria[0].weight: -1 is not above 0; give a larger number"
    )


def test_of_very_many_faults_the_first_hundred_are_listed_and_the_rest_counted() -> None:
    with pytest.raises(BadInput) as caught:
        parse_rubric("".join(f"key{number}: 1\n" for number in range(5000)).encode(), "r.yaml")
    assert len(caught.value.faults) == 100
    assert caught.value.total == 5003


@pytest.mark.parametrize(
    "bomb",
    [
        "[" * 250_000,
        "a: " + "{a: " * 60_000,
        "? " * 130_000,
        "- " * 130_000,
        "a: [" + "*x, " * 60_000 + "]",
        "".join(f"k{number}: &a{number} x\n" for number in range(12_000)),
        "a: 1\n" * 50_000,
        "a: " + "9" * 260_000,
        'a: "' + "\\x00" * 60_000 + '"',
        "levels: [" + "no, " * 60_000 + "]",
        "criteria: [" + "{id: a}, " * 4_000 + "]",
        HEAD + "  - {id: a, title: b}\n" * 450,
    ],
    ids=lambda bomb: bomb[:12].strip(),
)
def test_a_hostile_file_is_refused_within_half_a_second(bomb: str) -> None:
    started = time.process_time()
    assert faults_of(bomb)
    assert time.process_time() - started < 0.5
