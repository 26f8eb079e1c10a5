"""Messages that are made to cost as much as a sender can make them, of about 1 MB at the most, and the DNS records that
go with them."""

import base64
import hashlib
from dataclasses import dataclass, field

from harness.dkim_signer import all_of, ed25519_key, random_modulus, rsa_key, rsa_public_key, sealer, signer

MEGABYTE = 1_000_000
LINE = b"The quick brown fox jumps over the lazy dog.\r\n"
TEXT = LINE * (MEGABYTE // len(LINE))
LONGEST_NAME = 253

Records = dict[str, dict[str, list[str]]]


@dataclass(frozen=True)
class Hostile:
    name: str
    content: bytes
    mail_from: str = "ann@hostile.example"
    recipients: int = 1
    records: Records = field(default_factory=dict)


def message(*fields: str, body: bytes = LINE, author: str = "Ann <ann@hostile.example>") -> bytes:
    usual = [f"From: {author}", "To: bob@example.net", "Subject: Figures", "Message-ID: <1@hostile.example>"]
    return "".join(f"{line}\r\n" for line in [*fields, *usual]).encode() + b"\r\n" + body


def txt(name: str, *texts: str) -> Records:
    return {name: {"TXT": list(texts)}}


def merged(*parts: Records) -> Records:
    return {name: types for part in parts for name, types in part.items()}


# SPF


MANY_PARTS = ".".join("a" * 930)


def cut(name: str) -> str:
    """As RFC 7208, 7.3 shortens a name."""
    return name if len(name) <= LONGEST_NAME else name[name.index(".", len(name) - LONGEST_NAME - 1) + 1:]


def spf_as_reported() -> Hostile:
    """Records of 60 kB of macros, in ten includes."""
    macros = "v=spf1 " + "exists:" + "%{Lr}" * 12_000 + ".x.example"
    records = merged(txt("spf-long.example", "v=spf1 " + " ".join(f"include:r{i}.spf-long.example" for i in range(10))),
                     *(txt(f"r{i}.spf-long.example", macros) for i in range(10)))
    return Hostile("SPF: ten records of 60 kB of macros", message(), f"{MANY_PARTS}@spf-long.example", records=records)


def spf_as_large_as_may_be() -> Hostile:
    """Each record of 4 KiB includes the next one, by a name of as many macros as a term may have."""
    def record(number: int) -> str:
        end = f" include:{'%{Lr}' * 32}.r{number + 1}.example ?all" if number < 9 else " ?all"
        networks = " ip4:198.51.100.1"
        return "v=spf1" + networks * ((4096 - 6 - len(end)) // len(networks)) + end

    records = merged(txt("spf-deep.example", record(0)),
                     *(txt(cut(f"{MANY_PARTS}.r{i}.example"), record(i)) for i in range(1, 10)))
    return Hostile("SPF: ten records of 4 KiB, 32 macros in each name", message(), f"{MANY_PARTS}@spf-deep.example",
                   records=records)


def spf_exchangers() -> Hostile:
    records = txt("spf-mx.example", "v=spf1 " + " ".join(f"mx:m{i}.spf-mx.example" for i in range(10)) + " ?all")
    for i in range(10):
        records[f"m{i}.spf-mx.example"] = {"MX": [f"10 h{i}{j}.spf-mx.example" for j in range(10)]}
        records |= {f"h{i}{j}.spf-mx.example": {"A": ["198.51.100.1"] * 60} for j in range(10)}
    return Hostile("SPF: ten mx of ten hosts of sixty addresses", message(), "ann@spf-mx.example", records=records)


# Signatures


def forged(selector: str, body: bytes, *, signature: bytes, algorithm: str = "rsa-sha256", names: str = "from",
           length: int | None = None, form: str = "relaxed") -> str:
    """A signature that fails only when its key has been used."""
    digest = base64.b64encode(hashlib.sha256(body[:length]).digest()).decode()
    limit = "" if length is None else f" l={length};"
    return (f"DKIM-Signature: v=1; a={algorithm}; d=hostile.example; s={selector}; c=relaxed/{form};{limit} h={names};"
            f" bh={digest}; b={base64.b64encode(signature).decode()}")


def key_at(selector: str, *records: str) -> Records:
    return txt(f"{selector}._domainkey.hostile.example", *records)


def large_keys(exponent: int) -> Hostile:
    fields = [forged(f"large{exponent}-{i}", LINE, signature=b"\x11" * 1024) for i in range(10)]
    keys = [f"p={rsa_public_key(random_modulus(8192), exponent)}" for _ in range(3)]
    return Hostile(f"DKIM: ten signatures, three keys of 8192 bits each, exponent {exponent}", message(*fields),
                   records=merged(*(key_at(f"large{exponent}-{i}", *keys) for i in range(10))))


def edwards_keys() -> Hostile:
    fields = [forged(f"edwards-{i}", LINE, signature=b"\x11" * 64, algorithm="ed25519-sha256") for i in range(10)]
    keys = [ed25519_key(name=f"hostile{i}").record() for i in range(3)]
    return Hostile("DKIM: ten signatures, three Ed25519 keys each", message(*fields),
                   records=merged(*(key_at(f"edwards-{i}", *keys) for i in range(10))))


def lengths() -> Hostile:
    fields = [forged("length", TEXT, signature=b"\x11" * 256, length=MEGABYTE - 5_000 * i - 50,
                     form=("simple", "relaxed")[i % 2]) for i in range(10)]
    return Hostile("DKIM: ten lengths of a body of 1 MB in both forms", message(*fields, body=TEXT),
                   records=key_at("length", f"p={rsa_key().public}"))


def names_of_headers() -> Hostile:
    """As much of headers as is kept, all of it signed by each of ten."""
    names = "from" + ":x" * 999
    fields = [forged("names", LINE, signature=b"\x11" * 256, names=names) for _ in range(10)]
    content = [f"X: {'a b ' * 50}" for _ in range(900)]
    return Hostile("DKIM: ten signatures of a thousand names, 256 KiB of headers", message(*content, *fields),
                   records=key_at("names", f"p={rsa_key().public}"))


def base64_in_tags() -> Hostile:
    fields = [forged("base", LINE, signature=b"\x11" * 17_000) for _ in range(10)]
    return Hostile("DKIM: ten signatures of 23 kB of base64", message(*fields),
                   records=key_at("base", f"p={rsa_key().public}"))


def many_signatures() -> Hostile:
    fields = [forged("many", LINE, signature=b"\x11" * 256) for _ in range(500)]
    return Hostile("DKIM: 500 signatures", message(*fields), records=key_at("many", f"p={rsa_key().public}"))


def chain() -> Hostile:
    sets = [sealer(f"h{i}.hostile.example", "arc=none" if i == 0 else "arc=pass", selector="seal") for i in range(50)]
    records = (txt(f"seal._domainkey.h{i}.hostile.example", rsa_key().record()) for i in range(50))
    return Hostile("ARC: a chain of fifty sets that verifies", all_of(*sets)(message()), records=merged(*records))


def forged_chain(selector: str, results: str) -> list[str]:
    """Fifty sets that can be read, none of which verifies. {i} in the selector is the set's number."""
    digest = base64.b64encode(hashlib.sha256(LINE).digest()).decode()
    fields = []
    for i in range(1, 51):
        tags = f"i={i}; a=rsa-sha256; d=hostile.example; s={selector.format(i=i)}; b=AAAA"
        fields += [f"ARC-Seal: {tags}; cv={'none' if i == 1 else 'pass'}",
                   f"ARC-Message-Signature: {tags}; c=relaxed/relaxed; h=from; bh={digest}",
                   f"ARC-Authentication-Results: i={i}; hostile.example; {results}"]
    return fields


def long_chain() -> Hostile:
    """As much as is kept, sealed by each of fifty."""
    return Hostile("ARC: a chain of fifty sets of 5 kB", message(*forged_chain("many", "x=y " * 1_150)))


def large_answers() -> Hostile:
    """Each set and each signature has a name of its own, where there is as much as DNS can answer."""
    fields = [forged(f"answer{i}", LINE, signature=b"\x11" * 256) for i in range(51, 61)]
    texts = ["x"] * 4_000
    return Hostile("DNS: sixty answers of 56 kB", message(*fields, *forged_chain("answer{i}", "x=y")),
                   records=merged(*(key_at(f"answer{i}", *texts) for i in range(1, 61))))


def walks() -> Hostile:
    """An author domain of eight labels, and ten signers below it, with policies as long as may be."""
    author = "a.b.c.d.e.f.walk.example"
    signers = [f"s{i}.{author}" for i in range(10)]
    policy = "v=DMARC1; p=none; " + "x=y; " * 800
    names = [name.split(".", depth)[-1] for name in [author, *signers] for depth in range(name.count(".") + 1)]
    records = merged(*(txt(f"_dmarc.{name}", policy) for name in names),
                     *(txt(f"sel._domainkey.{name}", rsa_key().record()) for name in signers))
    content = message(author=f"ann@{author}")
    signed = all_of(*(signer(name, rsa_key()) for name in signers))(content)
    return Hostile("DMARC: walks of an author and ten signers, records of 4 kB", signed, f"ann@{author}",
                   records=records)


# Headers


def received() -> Hostile:
    comment = "(" * 30 + "a\\(" * 300 + ")" * 30 + " (" + "[" * 900 + ")"
    fields = [f"Received: from x (x [10.0.0.1]) {comment} by y with SMTP id z; Mon, 6 Jan 2025 10:00:00 +0000"
              for _ in range(64)]
    return Hostile("Received: 64 fields of 2 kB of comments and brackets", message(*fields), "ann@gateway.example")


def authors(name: str, author: str) -> Hostile:
    return Hostile(f"From: {name}", message(author=author))


def results(name: str, value: str) -> Hostile:
    return Hostile(f"Authentication-Results: {name}", message(*[f"Authentication-Results: {value}"] * (MEGABYTE // len(value))))


def header_flood() -> Hostile:
    return Hostile("200,000 header fields", message(*["a:b"] * 200_000))


def all_messages() -> list[Hostile]:
    nested = "(" * 31 + "x" + ")" * 31
    return [
        spf_as_reported(), spf_as_large_as_may_be(), spf_exchangers(),
        large_keys(65537), large_keys(0x7f7f7f7f7f7f7f7f), edwards_keys(), many_signatures(), lengths(),
        names_of_headers(), base64_in_tags(), chain(), long_chain(), large_answers(), walks(),
        received(),
        authors("64 mailboxes with nested comments", ", ".join([f"{nested} a@hostile.example"] * 64)),
        authors("16 kB of words", "x." * 8_000 + "x <ann@hostile.example>"),
        authors("16 kB of comments", "(a)" * 5_300 + " <ann@hostile.example>"),
        results("60 fields of comments that do not end", "?" + "(" + "\\(" * 8_100),
        results("60 fields of half an escape", "? " + "(\\)" * 5_400),
        Hostile("ten header fields of 100 kB", message(*[f"X: {'a ' * 50_000}"] * 10)),
        header_flood(),
        Hostile("1 MB of white space, signed in both forms", message(*both_forms(), body=b" " * MEGABYTE + b"\r\n")),
        Hostile("1 MB of bare carriage returns, signed in both forms", message(*both_forms(), body=b"\r" * MEGABYTE)),
        Hostile("1 MB of empty lines, signed in both forms", message(*both_forms(), body=b"\r\n" * (MEGABYTE // 2))),
        Hostile("1 MB of lines of one letter, signed in both forms",
                message(*both_forms(), body=b"a \r\n" * (MEGABYTE // 4))),
        Hostile("1,000 recipients", message(), recipients=1_000),
    ]


def both_forms() -> list[str]:
    return [forged("forms", LINE, signature=b"\x11" * 256, form=form) for form in ("simple", "relaxed")]
