"""What `pip install` gets."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_the_wheel_ships_migrations_rubrics_templates_and_static_files(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    rubrics = {f"evalhub/_shipped/rubrics/{path.name}" for path in (ROOT / "rubrics").glob("*.yaml")}
    migrations = {f"evalhub/_shipped/migrations/versions/{p.name}" for p in (ROOT / "migrations/versions").glob("*.py")}
    assert rubrics
    assert migrations
    assert rubrics | migrations <= names
    assert {"evalhub/_shipped/migrations/env.py", "evalhub/demo/data/items.jsonl"} <= names
    for suffix in (".html", ".css", ".js"):
        shipped = {str(path.relative_to(ROOT)) for path in (ROOT / "evalhub").rglob(f"*{suffix}")}
        assert shipped
        assert shipped <= names
    assert not [name for name in names if name.startswith("tests/")]
