"""Results as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table as its rows come; numbers with three decimals stand for shares and coefficients."""
    print(f"\n{title}\n")
    print(_line(header))
    print(_line(["---"] * len(header)))
    for row in rows:
        print(_line([_cell(value) for value in row]), flush=True)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}".replace("-", "−")
    return f"{value:,}" if isinstance(value, int) else str(value)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
