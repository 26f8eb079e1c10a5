"""Keys, DKIM signatures (RFC 6376) and ARC seals (RFC 8617), made by dkimpy, not by what is tested."""

import base64
import functools
import os
from dataclasses import dataclass
from typing import Callable

import dkim
import nacl.signing

from .certificates import openssl
from .dns_server import txt

SELECTOR = "sel"
SIGNED_HEADERS = ("From", "To", "Subject", "Message-ID")

Signer = Callable[[bytes], bytes]  # takes a whole message and returns it with one signature more, on top


@dataclass(frozen=True)
class Key:
    """A private key as dkimpy wants it, with the public one as it stands in p= of a key record."""

    kind: str
    private: bytes
    public: str

    @property
    def algorithm(self) -> str:
        return f"{self.kind}-sha256"

    def record(self, *tags: str) -> str:
        """The text of the key record, with further tags."""
        return "; ".join(["v=DKIM1", f"k={self.kind}", *tags, f"p={self.public}"])

    def zone(self, domain: str, selector: str = SELECTOR, *tags: str) -> str:
        """The key record, as lines of a zone."""
        return txt(f"{selector}._domainkey.{domain}", self.record(*tags))


@functools.cache
def rsa_key(bits: int = 2048, *, name: str = "") -> Key:
    """The same key whenever it is asked for by the same name."""
    private = openssl("genrsa", "-traditional", str(bits))
    public = openssl("pkey", "-pubout", "-outform", "DER", stdin=private)
    return Key("rsa", private, base64.b64encode(public).decode())


@functools.cache
def ed25519_key(*, name: str = "") -> Key:
    private = nacl.signing.SigningKey.generate()
    return Key("ed25519", base64.b64encode(bytes(private)), base64.b64encode(bytes(private.verify_key)).decode())


def rsa_public_key(modulus: int, exponent: int = 65537) -> str:
    """p= for any numbers at all, sensible or not (SubjectPublicKeyInfo)."""
    key = der(0x30, der_integer(modulus) + der_integer(exponent))
    algorithm = der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    return base64.b64encode(der(0x30, algorithm + der(0x03, b"\0" + key))).decode()


def rsa_public_key_pkcs1(key: Key) -> str:
    """p= in the other form that RFC 6376 allows (RSAPublicKey)."""
    octets = openssl("rsa", "-RSAPublicKey_out", "-outform", "DER", stdin=key.private)
    return base64.b64encode(octets).decode()


def random_modulus(bits: int) -> int:
    return int.from_bytes(os.urandom(bits // 8), "big") | 1 << (bits - 1) | 1


def der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def der_integer(number: int) -> bytes:
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


class Changed(dkim.DKIM):
    """Signs with tags that dkimpy would not write by itself."""

    changes: dict[str, str] = {}

    def gen_header(self, fields, *more, **options):
        tags = {name.decode(): value.decode() for name, value in fields}
        signature = tags.pop("b")
        tags = {name: value for name, value in {**tags, **self.changes}.items() if value}
        fields = [(name.encode(), value.encode()) for name, value in {**tags, "b": signature}.items()]
        return super().gen_header(fields, *more, **options)


def signer(domain: str, key: Key | None = None, *, selector: str = SELECTOR, identity: str | None = None,
           headers: tuple[str, ...] = SIGNED_HEADERS, canonicalization: str = "relaxed/simple", length: bool = False,
           algorithm: str = "", tags: dict[str, str] | None = None) -> Signer:
    """`length` adds l= with the length of the body. `tags` replaces tags or adds some; an empty value drops one."""
    key = key or rsa_key()

    def sign(content: bytes) -> bytes:
        signature = Changed(content, signature_algorithm=(algorithm or key.algorithm).encode(), linesep=b"\r\n")
        signature.should_not_sign = set()
        signature.changes = tags or {}
        header, body = (part.encode() for part in canonicalization.split("/"))
        return signature.sign(selector.encode(), domain.encode(), key.private, canonicalize=(header, body),
                              identity=identity.encode() if identity else None,
                              include_headers=[name.encode() for name in headers], length=length) + content
    return sign


def sealer(domain: str, results: str, key: Key | None = None, *, authserv_id: str = "",
           selector: str = SELECTOR) -> Signer:
    """Adds an ARC set of `domain`, which saw these results (as in Authentication-Results, behind its name)."""
    key = key or rsa_key()
    authserv_id = authserv_id or f"mx.{domain}"

    def seal(content: bytes) -> bytes:
        seen = f"Authentication-Results: {authserv_id}; {results}\r\n".encode() + content
        fields = dkim.arc_sign(seen, selector.encode(), domain.encode(), key.private, authserv_id.encode(),
                               include_headers=[name.lower().encode() for name in SIGNED_HEADERS])
        if not fields:
            raise RuntimeError(f"dkimpy ends the chain here: {results}")
        return b"".join(fields) + content
    return seal


def all_of(*steps: Signer) -> Signer:
    """One after the other: the last one's signature stands on top."""
    return lambda content: functools.reduce(lambda message, step: step(message), steps, content)


def replaced(old: bytes, new: bytes) -> Signer:
    """What somebody does to a message on its way."""
    def change(content: bytes) -> bytes:
        if old not in content:
            raise ValueError(f"{old!r} is not in the message")
        return content.replace(old, new)
    return change


def with_text_added(text: bytes = b"One line more.\r\n") -> Signer:
    return lambda content: content + text
