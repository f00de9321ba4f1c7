"""Ed25519 keys, fingerprints and signed documents. The cryptography is the `cryptography` package's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from patchring.wire.canonical import signed_bytes


@dataclass(frozen=True)
class Signature:
    """`key` is the signer's public key and `signature` the Ed25519 signature, both in lower-case hexadecimal."""

    key: str
    signature: str


@dataclass(frozen=True)
class SignedDocument:
    """A payload with `kind` in it, and the signatures over `signed_bytes(kind, payload)`."""

    payload: dict[str, Any]
    signatures: list[Signature]


class SigningKey:
    """A private Ed25519 key; lives in one process and one file."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = raw.hex()

    @classmethod
    def generate(cls) -> SigningKey:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """The key of a 32-byte seed, as `seed()` gave it."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def seed(self) -> bytes:
        return self._private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())

    def sign(self, kind: str, payload: Any) -> str:
        return self._private.sign(signed_bytes(kind, payload)).hex()

    def sign_document(self, payload: dict[str, Any]) -> SignedDocument:
        """Sign a payload that names its own kind."""
        return SignedDocument(payload, [Signature(self.public, self.sign(payload["kind"], payload))])


def fingerprint(public: str) -> str:
    """SHA-256 of the raw public key, in hexadecimal."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()


def signature_holds(public: str, kind: str, payload: Any, signature: str) -> bool:
    """Whether `signature` over a document of this kind was made by the key. Malformed input does not hold."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), signed_bytes(kind, payload))
    except (InvalidSignature, ValueError):
        return False
    return True


def signers(document: SignedDocument, allowed: list[str]) -> set[str]:
    """The allowed keys that really signed the document; one key counts once however often it signed."""
    kind = document.payload.get("kind")
    if not isinstance(kind, str) or not kind.isascii():
        return set()
    return {
        s.key
        for s in document.signatures
        if s.key in allowed and signature_holds(s.key, kind, document.payload, s.signature)
    }
