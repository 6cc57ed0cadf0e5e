"""Charts: where things are drawn, what a file of one holds, and that its colours can be told from their ground."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader

from evalhub.web.charts import (
    Axis,
    Band,
    Cell,
    Chart,
    Estimate,
    Part,
    Picture,
    Point,
    Stack,
    as_csv,
    as_file,
    forest,
    matrix,
    stacked,
    trend,
)
from evalhub.web.charts.alone import LOOKS, SVG
from evalhub.web.charts.forest import EDGE
from evalhub.web.charts.matrix import shade
from evalhub.web.charts.picture import WIDTH, fitting, short
from evalhub.web.charts.trend import Look

WEB = Path(__file__).parents[2] / "evalhub" / "web"
STYLES = (WEB / "static" / "css" / "report.css").read_text("utf-8")
AXIS = Axis(0.0, 1.0, ((0.0, "0"), (0.5, ".5"), (1.0, "1")), (Band(0.0, 0.5, "c-low"), Band(0.5, 1.0, "c-high")))
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def path_of(picture: Picture, css: str) -> str:
    return next((path.d for path in picture.paths if path.css == css), "")


def words_of(picture: Picture, css: str) -> list[str]:
    return [text.words for text in picture.texts if text.css == css]


def a_chart(picture: Picture | None = None, *, name: str = '<Ann> & "Bob"') -> Chart:
    return Chart(
        name="alpha",
        title="Alpha by criterion",
        description="A row a criterion.",
        method="36 items; 95 %, by group.",
        headings=("Criterion", "Alpha", "Items"),
        rows=((name, 0.123456789012, 1234), ("=1+1", None, 0)),
        picture=picture or forest([Estimate(name, "0.12", 0.12, 0.05, 0.2)], AXIS),
    )


def drawn(chart: Chart) -> str:
    environment = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True)
    return str(environment.get_template("charts.html").module.drawing(chart, "one"))  # type: ignore[attr-defined]


def test_an_estimate_is_drawn_where_its_value_lies() -> None:
    picture = forest([Estimate("Accuracy", "0.50", 0.5, 0.25, 0.75)], AXIS)
    assert path_of(picture, "c-dot").startswith(f"M{short(WIDTH / 2 - 4)} ")
    ends = re.findall(r"M(\S+) \S+L(\S+) ", path_of(picture, "c-whisker"))
    assert ends[0] == (short(EDGE + (WIDTH - 2 * EDGE) / 4), short(EDGE + 3 * (WIDTH - 2 * EDGE) / 4))
    assert len(ends) == 3


def test_an_interval_that_leaves_the_axis_has_no_end_there() -> None:
    picture = forest([Estimate("Accuracy", "0.50", 0.5, -3.0, 0.75)], AXIS)
    assert path_of(picture, "c-whisker").count("M") == 2


def test_an_estimate_that_rests_on_too_little_is_grey_and_a_missing_one_says_why() -> None:
    weak, missing = Estimate("A", "0.50", 0.5, is_weak=True), Estimate("B", "undefined", None, because="too few")
    picture = forest([weak, missing], AXIS)
    assert path_of(picture, "c-dot-weak")
    assert not path_of(picture, "c-dot")
    assert words_of(picture, "c-because") == ["too few"]
    assert words_of(picture, "c-label-weak") == ["A", "B"]


@given(
    st.lists(st.tuples(*[st.floats(-5, 5)] * 3), min_size=1, max_size=8),
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C"]), max_size=60),
)
def test_nothing_is_drawn_outside_the_picture(rows: list[tuple[float, float, float]], label: str) -> None:
    picture = forest([Estimate(label, "0.50", value, low, high) for low, value, high in map(sorted, rows)], AXIS)
    for path in picture.paths:
        places = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.d)
        assert all(0 <= float(x) <= picture.width and 0 <= float(y) <= picture.height for x, y in places)
    assert all(0 <= float(text.x) <= picture.width for text in picture.texts)


def test_a_matrix_shows_every_cell_and_grows_wide_only_for_many_columns() -> None:
    cells = [[Cell(f"{row}{column}", shade(0.5), is_outlined=row == column) for column in range(3)] for row in range(2)]
    picture = matrix(["Ann", "Ben"], ["Bad", "Fair", "Good"], cells, side="Reviewer", top="Given")
    assert words_of(picture, "c-cell") == ["00", "01", "02", "10", "11", "12"]
    assert path_of(picture, "c-heat-3").count("z") == 6
    assert path_of(picture, "c-own").count("z") == 2
    assert picture.width <= 420
    broad = matrix(["Ann"], [str(n) for n in range(40)], [[Cell("1")] * 40], side="", top="")
    assert broad.width >= 40 * 32


def test_shades_go_from_none_to_all_in_five_steps() -> None:
    assert [shade(share) for share in (0, 0.01, 0.2, 0.21, 0.99, 1)] == [f"c-heat-{n}" for n in (0, 1, 1, 2, 5, 5)]


def test_weeks_are_told_apart_by_shape_and_marked_where_the_version_changed() -> None:
    looks = [Look.PLAIN, Look.RAISED, Look.PROVISIONAL]
    points = [Point(f"2026-W{at}", 0.5, 0.4, 0.6, look) for at, look in enumerate(looks)]
    picture = trend([*points, Point("2026-W4", None, mark="v2", note="m")], AXIS)
    assert [path_of(picture, css).count("z") for css in ("c-dot", "c-raised", "c-ring")] == [1, 1, 1]
    assert path_of(picture, "c-join").count("M") == 2
    assert words_of(picture, "c-mark-words") == ["v2"]
    assert "m" in words_of(picture, "c-tick")


def test_labels_of_many_weeks_do_not_overlap() -> None:
    picture = trend([Point(f"2026-W{at:02d}", 0.5) for at in range(52)], AXIS)
    places = [float(text.x) for text in picture.texts if text.words.startswith("2026")]
    assert len(places) > 5
    assert min(b - a for a, b in pairwise(places)) >= 50


@given(st.floats(-1e4, 1e4))
def test_a_coordinate_is_short_and_right_to_a_tenth(number: float) -> None:
    assert float(short(number)) == pytest.approx(number, abs=0.0501)
    assert short(number) != "-0"


def test_words_that_do_not_fit_end_in_dots() -> None:
    assert fitting("Reproducibility", 64) == "Reproduci…"
    assert fitting("Short", 64) == "Short"


def test_the_table_of_a_chart_has_full_precision_and_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(a_chart()))))
    assert rows[0] == ["Criterion", "Alpha", "Items"]
    assert rows[1] == ['<Ann> & "Bob"', "0.123456789012", "1234"]
    assert rows[2] == ["'=1+1", "", "0"]


def test_a_level_that_heads_a_column_is_no_formula_either() -> None:
    chart = replace(a_chart(), headings=("Reviewer", "=1+1", "-@cmd"))
    assert next(csv.reader(io.StringIO(as_csv(chart)))) == ["Reviewer", "'=1+1", "'-@cmd"]


def test_a_drawing_has_a_name_and_says_on_what_it_rests() -> None:
    root = ElementTree.fromstring(drawn(a_chart()))
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "one-t one-d"
    assert root.findtext("title") == "Alpha by criterion"
    assert root.findtext("desc") == "A row a criterion. 36 items; 95 %, by group."


def test_a_file_carries_its_looks_its_title_and_its_method() -> None:
    root = ElementTree.fromstring(as_file(drawn(a_chart())).encode())
    assert root.tag == f"{{{SVG}}}svg"
    assert not [element for element in root.iter() if "class" in element.attrib or "style" in element.attrib]
    words = [text.text for text in root.iter(f"{{{SVG}}}text")]
    assert "Alpha by criterion" in words
    assert any("36 items" in (word or "") for word in words)
    assert '<Ann> & "Bob"' in words
    shapes = list(root.iter(f"{{{SVG}}}path"))
    assert shapes
    assert all(shape.attrib.get("fill") for shape in shapes)


def test_page_and_file_know_the_same_classes() -> None:
    in_styles = set(re.findall(r"\.(c-[a-z0-9-]+)", STYLES))
    assert in_styles - set(LOOKS) == set()
    assert set(LOOKS) - in_styles <= {"c-label", "c-side"}  # these look like all words of a chart


@pytest.mark.parametrize(("scheme", "grounds"), [("light", ["#fbfbfa", "#ffffff"]), ("dark", ["#17181b", "#1f2125"])])
def test_marks_can_be_told_from_their_ground(scheme: str, grounds: list[str]) -> None:
    blocks = re.findall(r":root \{([^}]*--c-low[^}]*)\}", STYLES)
    colours = dict(re.findall(r"(--c-(?:low|mid|high|grid)): (#\w+)", blocks[scheme == "dark"]))
    assert len(colours) == 4
    assert all(contrast(colour, ground) >= 3 for colour in colours.values() for ground in grounds)


@pytest.mark.parametrize(("scheme", "ground", "ink"), [("light", "#ffffff", "#1b1c20"), ("dark", "#1f2125", "#e9eaec")])
def test_words_can_be_read_on_the_darkest_shade_and_on_every_band(scheme: str, ground: str, ink: str) -> None:
    block = re.findall(r":root \{([^}]*--c-low[^}]*)\}", STYLES)[scheme == "dark"]
    colours = dict(re.findall(r"(--c-(?:low|mid|high)): (#\w+)", block))
    tint = int(re.findall(r"--c-tint: (\d+)%", block)[0]) / 100
    darkest = max(int(share) for share in re.findall(r"var\(--c-high\) (\d+)%", STYLES)) / 100
    shades = [(colour, tint) for colour in colours.values()] + [(colours["--c-high"], darkest)]
    assert all(contrast(blended(colour, ground, share), ink) >= 4.5 for colour, share in shades)


def blended(colour: str, ground: str, share: float) -> str:
    parts = [(int(colour[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * over + (1 - share) * under):02x}" for over, under in parts)


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_stack_is_parted_by_its_shares_and_words_stand_where_they_fit() -> None:
    parts = [Part("c-low", 0.5, "50 %"), Part("c-mid", 0.02, "2 %"), Part("c-high", 0.48, "48 %")]
    picture = stacked([Stack("a", "n 50", parts)], [("c-low", "bad"), ("c-mid", "fair"), ("c-high", "good")])
    words = [text.words for text in picture.texts]
    assert words == ["bad", "fair", "good", "a", "50 %", "48 %", "n 50"]
    assert [path.css for path in picture.paths] == ["c-low", "c-mid", "c-high"]


def test_a_row_without_parts_is_its_label_and_its_amount() -> None:
    assert [text.words for text in stacked([Stack("a", "n 0", [])], []).texts] == ["a", "n 0"]
