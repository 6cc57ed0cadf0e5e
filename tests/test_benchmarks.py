"""The benchmarks run; what they measure is in docs/benchmarks.md."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if "def main(" in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_benchmark_prints_its_tables(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    importlib.import_module(f"benchmarks.{name}").main(["--quick"])
    printed = capsys.readouterr().out
    assert "| --- |" in printed
    assert "nan" not in printed
