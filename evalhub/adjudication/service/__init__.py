"""Writes of adjudication; each module holds one act."""
