"""What pages across all stages show, put together."""
