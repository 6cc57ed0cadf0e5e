"""What a change of a rubric is called, and what it leaves comparable."""

from __future__ import annotations

import pytest

from evalhub.rubrics.schema import ChangeKind, Rubric, diff, parse_rubric

BASE = """\
name: r
version: 1
levels: [unacceptable, adequate, excellent]
criteria:
  - id: a
    title: A
    levels: {adequate: "Fine."}
  - id: b
    title: B
"""


def read(text: str) -> Rubric:
    return parse_rubric(text.encode(), "r.yaml")


@pytest.mark.parametrize(
    ("edit", "kind", "field", "carried", "overall"),
    [
        (("title: A", "title: Truth"), ChangeKind.WORDING, "title", ("b",), False),
        (("Fine.", "Good."), ChangeKind.WORDING, "levels.adequate.description", ("b",), False),
        (("    title: B\n", "    title: B\n    weight: 2\n"), ChangeKind.WEIGHT, "weight", ("a", "b"), False),
        (("    title: B\n", "    title: B\n    critical: true\n"), ChangeKind.WEIGHT, "critical", ("a", "b"), False),
        (("    title: B\n", "    title: B\n    scale: nominal\n"), ChangeKind.LEVELS, "scale", ("a",), False),
        (("    title: B\n", "    title: B\n    note: required\n"), ChangeKind.FORM, "note", ("a",), False),
        (
            ("    title: B\n", "    title: B\n    failure_tags: [x]\n"),
            ChangeKind.FORM,
            "failure_tags",
            ("a", "b"),
            True,
        ),
        (("criteria:", "pass: {score_at_least: 0.5}\ncriteria:"), ChangeKind.WEIGHT, "pass", ("a", "b"), True),
        (("criteria:", "description: Read first.\ncriteria:"), ChangeKind.WORDING, "description", ("a", "b"), True),
    ],
)
def test_a_change_has_its_kind(
    edit: tuple[str, str], kind: ChangeKind, field: str, carried: tuple[str, ...], overall: bool
) -> None:
    found = diff(read(BASE), read(BASE.replace(*edit)))
    assert [(change.kind, change.field) for change in found.changes] == [(kind, field)]
    assert found.carried_over == carried
    assert found.overall_comparable is overall
    assert found.pass_comparable is (overall and field != "pass")


def test_nothing_changed_leaves_everything_comparable() -> None:
    found = diff(read(BASE), read(BASE.replace("version: 1", "version: 2")))
    assert found.changes == ()
    assert found.overall_comparable
    assert found.pass_comparable


def test_an_added_and_a_removed_criterion_are_named() -> None:
    found = diff(read(BASE), read(BASE.replace("id: b\n    title: B", "id: c\n    title: C")))
    assert [(change.kind, change.criterion) for change in found.changes] == [
        (ChangeKind.REMOVED, "b"),
        (ChangeKind.ADDED, "c"),
    ]
    assert (found.removed, found.added, found.carried_over) == (("b",), ("c",), ("a",))
    assert not found.overall_comparable


def test_a_level_put_in_between_is_a_change_of_levels() -> None:
    found = diff(
        read(BASE),
        read(BASE.replace("    title: B\n", "    title: B\n    levels: [unacceptable, poor, adequate, excellent]\n")),
    )
    assert {change.kind for change in found.changes} == {ChangeKind.LEVELS}
    assert "levels" in {change.field for change in found.changes}
    assert found.changed == ("b",)


def test_another_order_of_the_criteria_changes_only_the_form() -> None:
    head, a, b = BASE.partition("  - id: a")[0], *BASE.partition("criteria:\n")[2].split("  - id: b")
    found = diff(read(BASE), read(f"{head}  - id: b{b}{a}"))
    assert [(change.kind, change.field) for change in found.changes] == [(ChangeKind.FORM, "order of criteria")]
    assert found.overall_comparable
