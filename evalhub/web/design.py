"""Every component in every state on one page, for admins and for tests."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import (
    BooleanField,
    FileField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput

from evalhub.web.charts import Axis, Band, Bar, Cell, Chart, Estimate, Picture, Point, bars, forest, matrix, trend
from evalhub.web.forms import Form
from evalhub.web.listing import listing_of
from evalhub.web.paging import Page
from evalhub.web.policies import admin, allowed
from evalhub.web.rendering import render_markdown, render_plain

bp = Blueprint("design", __name__)

MOMENT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
BANDS = (Band(0.0, 0.667, "c-low"), Band(0.667, 0.8, "c-mid"), Band(0.8, 1.0, "c-high"))
AXIS = Axis(0.0, 1.0, ((0.0, "0"), (0.667, ".667"), (0.8, ".8"), (1.0, "1")), BANDS)
WRITTEN = """\
## A heading of the answer

The variance of a mean is $\\sigma^2 / n$[^1], so **four times** the items halve the error:

$$\\mathrm{SE} = \\frac{\\sigma}{\\sqrt{n}}$$

| n | error | enough |
|---:|---:|:---|
| 100 | 0.10 | no |
| 400 | 0.05 | yes, for most |

```python
def error(sigma: float, n: int) -> float:
    return sigma / n**0.5  # the error of a mean
```

> A quotation, and `code` within a line.

1. First
2. Second, with a picture: ![a plot](https://example.org/plot.png)

[^1]: With items drawn one by one.
"""


class SampleForm(Form):
    name = StringField("Name", [InputRequired("Give a name.")], description="As colleagues know it.")
    nickname = StringField("Other name", [Optional()])
    password = PasswordField("Password", [InputRequired("Give a password.")])
    reviewers = IntegerField("Reviewers an item", [InputRequired("Say how many.")])
    order = SelectField("Order", choices=[SelectChoice("random", "At random"), SelectChoice("imported", "As imported")])
    notes = TextAreaField("Notes", [InputRequired("Write a note.")], description="What the next person should know.")
    file = FileField("File")
    agrees = BooleanField("Ask for one more reviewer where the first ones differ", description="Adds to the hours.")
    scale = RadioField(
        "Scale",
        [InputRequired("Choose one.")],
        choices=[SelectChoice("ordinal", "Ordinal"), SelectChoice("nominal", "Nominal")],
    )
    roles = SelectMultipleField(
        "Roles",
        choices=[SelectChoice("reviewer", "Reviewer"), SelectChoice("manager", "Manager")],
        option_widget=CheckboxInput(),
    )


@bp.get("/design")
@allowed(admin)
def design() -> ResponseReturnValue:
    faulty = SampleForm(prefix="faulty-", data={"name": "", "reviewers": "many"})
    faulty.validate()
    listing = listing_of(
        request.args, at=url_for("design.design"), sorts=("name", "-items", "made"), filters=("q", "state")
    )
    return render_template(
        "design.html",
        form=SampleForm(data={"name": "Ada", "order": "imported", "roles": ["reviewer"]}),
        faulty=faulty,
        listing=listing,
        page=Page(rows=(), next_cursor="later", previous_cursor="earlier"),
        moment=MOMENT,
        prose=render_markdown(WRITTEN),
        plain=render_plain(WRITTEN),
        charts=_charts(),
    )


def _charts() -> list[Chart]:
    estimates = [
        Estimate("Accuracy", "0.82 (0.71 to 0.89)", 0.82, 0.71, 0.89),
        Estimate("Style, on few items", "0.40 (0.02 to 0.71)", 0.40, 0.02, 0.71, is_weak=True),
        Estimate("Safety", "–", None, because="only one level occurs"),
    ]
    points = [
        Point(f"2026-W0{week}", value, value - 0.1, value + 0.1) for week, value in ((1, 0.6), (2, 0.7), (3, 0.85))
    ]
    cells = [[Cell("12", "c-heat-3", is_outlined=True), Cell("3", "c-heat-1")], [Cell("0"), Cell("25", "c-heat-5")]]
    levels = ["low", "high"]
    return [
        _chart("estimates", "Estimates with intervals", forest(estimates, AXIS)),
        _chart("weeks", "Estimates over time", trend(points, AXIS)),
        _chart("counts", "Counts a day", bars([Bar(f"{day} Jan", day % 4) for day in range(1, 29)])),
        _chart("pairs", "Two graders", matrix(levels, levels, cells, side="Ann", top="Ben")),
        Chart("none", "No chart", "", "", (), (), None, because="Fewer than two reviewers have graded the same item."),
    ]


def _chart(name: str, title: str, picture: Picture) -> Chart:
    return Chart(
        name, title, "A sample.", "12 items of the sample.", ("Name", "Value", "n"), (("A", 0.5, 12),), picture
    )
