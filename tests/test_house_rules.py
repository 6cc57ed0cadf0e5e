"""How the code is kept: sizes, where things may stand, what no tracked file may name."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "evalhub"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60

ALLOWED = {
    r"\.commit\(": {"web/session.py"},
    r"\bMarkup\(": {"web/rendering.py"},
    r"\|\s*safe\b": set(),
    r"render_template_string": set(),
    r"(?<![\w.])eval\(": set(),
    r"\bimport pickle\b|\bpickle\.": set(),
    r"yaml\.(safe_)?load\(": set(),
}
"""What may stand in these modules alone."""

REGISTRIES = ("py" + "pi.org", "python" + "hosted", "registry.np" + "mjs", "deb" + ".debian", "security" + ".debian")
FOREIGN_LOCKS = ("uv.lock", "package-lock.json", "poetry.lock")


def functions_of(path: Path) -> Iterator[tuple[str, int]]:
    """Names and lengths in lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: nothing says which files are tracked")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def test_no_module_is_longer_than_its_limit() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: n for name, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_its_limit() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{name} {lines}"
        for path in MODULES
        for name, lines in functions_of(path)
        if lines > LONGEST_FUNCTION
    ]
    assert long == []


@pytest.mark.parametrize("pattern", ALLOWED)
def test_what_is_dangerous_stands_in_its_place_alone(pattern: str) -> None:
    sources = [*MODULES, *PACKAGE.rglob("*.html")]
    found = {str(path.relative_to(PACKAGE)) for path in sources if re.search(pattern, _code(path), flags=re.MULTILINE)}
    assert found <= ALLOWED[pattern]


def test_no_tracked_file_names_a_registry_or_is_a_lock_that_would() -> None:
    named = []
    for path in tracked_files():
        if path.name in FOREIGN_LOCKS:
            named.append(str(path.relative_to(ROOT)))
        text = path.read_bytes().decode("utf-8", "replace")
        named += [f"{path.relative_to(ROOT)}: {host}" for host in REGISTRIES if host in text]
    assert named == []


def test_every_table_is_empty_in_a_fresh_database(database: object) -> None:
    """The fixtures leak nothing into one another."""
    import sqlalchemy as sa

    from evalhub.db import Base, Database

    assert isinstance(database, Database)
    with database.reading() as session:
        counts = {
            t.name: session.scalar(sa.select(sa.func.count()).select_from(t)) for t in Base.metadata.sorted_tables
        }
    assert {name: n for name, n in counts.items() if n} == {}


def _code(path: Path) -> str:
    """The text without docstrings and comments, which may name what the code must not do."""
    text = path.read_text()
    if path.suffix != ".py":
        return re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    return ast.unparse(_without_docstrings(ast.parse(text)))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [line for line in body if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
    return tree
