"""The benchmarks run; what they measure is in docs/benchmarks.md."""

from __future__ import annotations

import importlib

import pytest

SCRIPTS = ("agreement", "boundaries", "coverage", "drift", "planning", "qualification", "severity")
"""Those of `evalhub.stats`; the one of the calibration page fills a database first, which takes too long for a test."""


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_benchmark_prints_its_tables(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    importlib.import_module(f"benchmarks.{name}").main(["--quick"])
    printed = capsys.readouterr().out
    assert "| --- |" in printed
    assert "nan" not in printed
