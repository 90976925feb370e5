"""The envelope of push messages that several platforms of one school share: signed, and AES-encrypted.

The signature is SHA-1 over token, timestamp, nonce and ciphertext in the order of their text. The plain
text is 16 random bytes, the length of the message in bytes, the message, and the name of its owner.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import typing as t

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from openplatform.errors import ConfigurationError
from openplatform.push import PushRefusedError, decrypt
from openplatform.signing import sha1_hex

_KEY_LENGTH = 43
_BLOCK: t.Final = 32
_NOISE = 16


class Envelope:
    """Opens messages, and seals answers.

    Args:
        token: The token of the callback's settings.
        aes_key: Its key, 43 characters that stand for 32 bytes.

    Raises:
        ConfigurationError: The key has another form.
    """

    def __init__(self, token: str, aes_key: str) -> None:
        self._token = token
        try:
            # The last character may carry spare bits, which a strict decoder would refuse.
            self._key = base64.b64decode(aes_key + "=")
        except ValueError:
            self._key = b""
        if len(aes_key) != _KEY_LENGTH or len(self._key) != _BLOCK:
            msg = "aes_key is no EncodingAESKey: it has 43 letters and digits."
            raise ConfigurationError(msg)

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Return the signature of a ciphertext."""
        return sha1_hex("".join(sorted((self._token, timestamp, nonce, encrypted))))

    def open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> tuple[bytes, str]:
        """Return the message and its owner.

        Raises:
            PushRefusedError: It is not genuine.
        """
        expected = self.sign(timestamp, nonce, encrypted)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            msg = "the signature does not fit: is the token the one of the callback's settings?"
            raise PushRefusedError(msg)
        try:
            cipher = base64.b64decode(encrypted)
        except ValueError:
            msg = "the message is not Base64"
            raise PushRefusedError(msg, status=400) from None
        plain = decrypt(self._key, self._key[:16], cipher, block=_BLOCK)
        start = _NOISE + 4
        end = start + int.from_bytes(plain[_NOISE:start], "big")
        return plain[start:end], plain[end:].decode("utf-8", "replace")

    def seal(self, message: bytes, owner: str, *, noise: bytes) -> str:
        """Return a message as ciphertext; what is `noise` decides its 16 random bytes."""
        random = hashlib.sha256(self._key + noise).digest()[:_NOISE]
        return self.seal_with(random, message, owner)

    def seal_with(self, random: bytes, message: bytes, owner: str) -> str:
        """Return a message as ciphertext with just these 16 bytes before it."""
        padder = padding.PKCS7(_BLOCK * 8).padder()
        plain = random + len(message).to_bytes(4, "big") + message + owner.encode()
        encryptor = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16])).encryptor()
        padded = padder.update(plain) + padder.finalize()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
