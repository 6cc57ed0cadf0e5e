"""Writes of the review stage; each module holds one act of the claim protocol."""
