"""Shapes of what is imported: pure values, no database."""
