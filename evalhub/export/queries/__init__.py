"""Reads of a project's graded items, in the order and the portions in which they are written."""
