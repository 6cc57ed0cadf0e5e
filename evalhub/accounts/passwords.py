"""Argon2id hashes. Slow by intent, so they are made and checked outside of any transaction."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$YdfMaivxfdpGLf/yVXXUQQ$AbIygY/RXKA5WVRtqLgq/+Ypybay/GY6rE/HUSbUW9M"
"""Of a random password that nobody kept, with the parameters above; checking it takes as long as any other."""


def hash_password(password: str) -> str:
    return _HASHER.hash(password.encode("utf-8", "surrogatepass"))


def is_password(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one; without a stored one it takes as long to say no."""
    try:
        right = _HASHER.verify(stored or _NOBODYS_HASH, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None
