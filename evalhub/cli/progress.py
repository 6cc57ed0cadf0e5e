"""Progress bars of imports, on stderr and only on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

WORDS = {"check": "checking", "store": "storing"}


@contextmanager
def import_progress(n_bytes: int) -> Iterator[Callable[[str, int, int | None], None]]:
    """A callback for `import_items` and `import_ratings`: first the bytes checked, then the rows stored."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(phase: str, done: int, total: int | None) -> None:
            if phase not in tasks:
                tasks[phase] = bars.add_task(WORDS[phase], total=n_bytes if total is None else total)
            if total is None:
                bars.advance(tasks[phase], done)
            else:
                bars.update(tasks[phase], completed=done)

        yield advance
