"""Reads of the inbox: entries, rulings, owners, and what a sender should hear of."""
