"""Values of calibration: consensus, flags and triage. Pure; no database."""
