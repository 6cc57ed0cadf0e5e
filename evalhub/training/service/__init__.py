"""Writes of training. Locks: project, then member, then tasks."""
