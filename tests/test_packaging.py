"""What is installed is what was declared, locked and shipped."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ("run.txt", "dev.txt")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OPTIONAL = PROJECT["optional-dependencies"]
PART_OF = {"werkzeug": "flask", "jinja2": "flask", "markupsafe": "flask", "pydantic_core": "pydantic"}
"""Packages that are another one's face, and are kept with it."""
PINNED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;]+)(?: ; [^\\]+)? \\$")


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return normalised(found[0])


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / lock).read_text().splitlines()
    found = (PINNED.match(line) for line in lines if line and not line.startswith((" ", "#")))
    return {normalised(match["name"]): match["version"] for match in found if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_a_pinned_version_with_its_hashes(lock: str) -> None:
    wrong, before = [], ""
    for line in (ROOT / "requirements" / lock).read_text().splitlines():
        is_hash = re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line)
        if line and not line.startswith("# ") and not (is_hash and before.endswith("\\")) and not PINNED.match(line):
            wrong.append(line)
        before = line
    assert wrong == []


def test_every_requirement_is_locked_and_both_locks_agree() -> None:
    run, dev = (locked(lock) for lock in LOCKS)
    assert {name_of(one) for one in (*PROJECT["dependencies"], *OPTIONAL["postgres"])} <= run.keys()
    extras = {name_of(one) for wanted in OPTIONAL.values() for one in wanted}
    assert extras <= dev.keys()
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}


def test_every_import_is_of_a_declared_package() -> None:
    """A package that only another one brings along may go at any time."""
    runs_without = {"test", "dev"}
    wanted = [
        *PROJECT["dependencies"],
        *(r for name, more in OPTIONAL.items() if name not in runs_without for r in more),
    ]
    declared = {name_of(requirement) for requirement in wanted}
    distributions = importlib.metadata.packages_distributions()
    missing = set()
    for path in (ROOT / "evalhub").rglob("*.py"):
        for module in imported(path):
            providers = {normalised(name) for name in (PART_OF.get(module), *distributions.get(module, ())) if name}
            if module not in sys.stdlib_module_names and module != "evalhub" and not providers & declared:
                missing.add(f"{path.relative_to(ROOT)}: {module}")
    assert missing == set()


def imported(path: Path) -> set[str]:
    """The first names of the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_the_wheel_ships_migrations_rubrics_templates_and_licences(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(tmp_path), str(ROOT)], check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
    for folder in ("migrations", "rubrics"):
        beside = {path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        assert {f"evalhub/_shipped/{path.relative_to(ROOT)}" for path in beside} <= shipped
    for pattern in ("*/templates/**/*.html", "web/static/**/*.*", "demo/data/*"):
        assert {str(path.relative_to(ROOT)) for path in (ROOT / "evalhub").glob(pattern) if path.is_file()} <= shipped
    assert {path.rpartition("/")[2] for path in shipped} >= {"LICENSE", "NOTICE"}
