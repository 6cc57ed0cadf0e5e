"""Pure values of the reports."""
