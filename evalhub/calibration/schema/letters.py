"""What people are called where they are not named."""

from __future__ import annotations


def letters(index: int) -> str:
    """A, B, … Z, AA, AB, …"""
    word = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        word = chr(ord("A") + rest) + word
    return word
