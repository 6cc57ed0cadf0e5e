"""Charts as values: shapes and words to draw, worked out here and put into SVG by `templates/charts.html`.

Nothing here knows what is drawn. Colours are CSS classes, so that both schemes and forced colours work; `alone.py`
gives a chart that leaves the page the same colours as presentation attributes.
"""

from evalhub.web.charts.alone import as_file
from evalhub.web.charts.bars import Bar, bars
from evalhub.web.charts.forest import Axis, Band, Estimate, forest
from evalhub.web.charts.matrix import Cell, matrix
from evalhub.web.charts.picture import Chart, Picture, as_csv
from evalhub.web.charts.stacked import Part, Stack, stacked
from evalhub.web.charts.trend import Point, trend

__all__ = [
    "Axis",
    "Band",
    "Bar",
    "Cell",
    "Chart",
    "Estimate",
    "Part",
    "Picture",
    "Point",
    "Stack",
    "as_csv",
    "as_file",
    "bars",
    "forest",
    "matrix",
    "stacked",
    "trend",
]
