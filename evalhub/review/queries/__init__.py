"""Reads of the review stage, by subject."""
