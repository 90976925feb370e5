"""Canonical strings and digests, as small pure functions; a platform's formula is a line of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sorted_pairs(
    parameters: Mapping[str, str | None], *, assign: str = "=", separator: str = "&"
) -> str:
    """Join the parameters in ASCII order of their names, raw (not URL-encoded), leaving None out."""
    pairs = ((k, v) for k, v in sorted(parameters.items()) if v is not None)
    return separator.join(f"{key}{assign}{value}" for key, value in pairs)


def md5_hex(text: str) -> str:
    """Return the lower-case hexadecimal MD5 of the UTF-8 text."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def sha1_hex(text: str) -> str:
    """Return the lower-case hexadecimal SHA-1 of the UTF-8 text."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def hmac_sha1(key: str, text: str) -> bytes:
    """Return the HMAC-SHA1 of the UTF-8 text under the UTF-8 key."""
    return hmac.digest(key.encode(), text.encode(), "sha1")


def hmac_sha256(key: str, text: str) -> bytes:
    """Return the HMAC-SHA256 of the UTF-8 text under the UTF-8 key."""
    return hmac.digest(key.encode(), text.encode(), "sha256")


def sign_pairs(parameters: Mapping[str, str], secret: str, *, name: str, method: str) -> str:
    """Return the signature of sorted pairs that end with the secret, as one more pair.

    Args:
        parameters: As sent, but not URL-encoded.
        secret: The secret.
        name: Name of the last pair.
        method: `MD5`, in lower-case hexadecimal, or else HMAC-SHA256 in Base64.
    """
    text = f"{sorted_pairs(parameters)}&{name}={secret}"
    return md5_hex(text) if method == "MD5" else hmac_sha256_base64(secret, text)


def hmac_sha256_base64(key: str, text: str) -> str:
    """Return the HMAC-SHA256 in standard Base64 with padding."""
    return base64.b64encode(hmac_sha256(key, text)).decode()
