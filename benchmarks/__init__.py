"""Measurements of speed and of what the figures promise; run each with `python -m benchmarks.NAME`."""
