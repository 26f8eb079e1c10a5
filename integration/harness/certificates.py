"""A private certification authority and the client certificates of partners and impostors, by the openssl command."""

import hashlib
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

# openssl's own configuration file would add extensions that fight with ours; this one adds none.
NEUTRAL_CONFIGURATION = "[req]\ndistinguished_name = name\n[name]\n"

AUTHORITY_CONFIGURATION = """\
[ca]
default_ca = this
[this]
database = {database}
default_md = sha256
rand_serial = yes
default_crl_days = 7
policy = any_name
[any_name]
organizationName = optional
commonName = optional
"""

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc")

CLIENT_AND_SERVER = "clientAuth,serverAuth"
SERVER_ONLY = "serverAuth"  # what public CAs issue nowadays, also to those who show it as clients


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, as PEM files."""

    file: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as connectord's `fingerprints` want it."""
        return "sha256:" + hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.file.read_text())).hexdigest()

    @property
    def public_key_fingerprint(self) -> str:
        """SHA-256 of the public key (SubjectPublicKeyInfo, DER), which outlives a renewal with the same key."""
        public_key = openssl("x509", "-in", str(self.file), "-noout", "-pubkey")
        der = openssl("pkey", "-pubin", "-outform", "DER", stdin=public_key)
        return "spki-sha256:" + hashlib.sha256(der).hexdigest()


def openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    result = subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=False)
    if result.returncode:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {result.stderr.decode(errors='replace')}")
    return result.stdout


class CertificateStore:
    """Makes certificates in one folder, in files of the names given, each with a key of its own (P-256: quick)."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._configuration = folder / "openssl.cnf"
        self._configuration.write_text(NEUTRAL_CONFIGURATION)

    def authority(self, file_name: str, common_name: str) -> Certificate:
        return self._make(file_name, common_name,
                          ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"])

    def issued(self, file_name: str, authority: Certificate, common_name: str, *,
               alternative_names: tuple[str, ...] = (), usage: str = CLIENT_AND_SERVER) -> Certificate:
        """A certificate of `authority`. An empty common name leaves the subject without one."""
        return self._make(file_name, common_name, leaf_extensions(alternative_names, usage), authority)

    def expired(self, file_name: str, authority: Certificate, common_name: str,
                alternative_names: tuple[str, ...] = ()) -> Certificate:
        """A certificate of `authority` that was good until yesterday."""
        made, request = self._files(file_name), self.folder / f"{file_name}.csr"
        openssl("req", "-new", "-config", str(self._configuration), *NEW_KEY, "-subj", subject_of(common_name),
                "-keyout", str(made.key), "-out", str(request))
        extensions = self.folder / f"{file_name}.ext"
        extensions.write_text("\n".join(leaf_extensions(alternative_names, CLIENT_AND_SERVER)))
        # Not by `openssl x509`: up to 3.3 it cannot be given dates, and from 3.4 on takes no negative number of days.
        openssl(*self._as_authority(file_name, authority), "-batch", "-in", str(request), "-out", str(made.file),
                "-notext", "-outdir", str(self.folder), "-extfile", str(extensions),
                "-startdate", days_ago(30), "-enddate", days_ago(1))
        return made

    def self_signed(self, file_name: str, common_name: str) -> Certificate:
        return self._make(file_name, common_name, leaf_extensions((), CLIENT_AND_SERVER))

    def revocation_list(self, file_name: str, authority: Certificate, *revoked: Certificate) -> Path:
        """The list of certificates that `authority` has revoked, in PEM."""
        made = self.folder / f"{file_name}.crl"
        command = self._as_authority(file_name, authority)
        for certificate in revoked:
            openssl(*command, "-revoke", str(certificate.file))
        openssl(*command, "-gencrl", "-out", str(made))
        return made

    def _as_authority(self, name: str, authority: Certificate) -> list[str]:
        """The command of a certification authority, with a database of that name that holds nothing yet."""
        database = self.folder / f"{name}.index"
        database.write_text("")
        configuration = self.folder / f"{name}.cnf"
        configuration.write_text(AUTHORITY_CONFIGURATION.format(database=database))
        return ["ca", "-config", str(configuration), "-cert", str(authority.file), "-keyfile", str(authority.key)]

    def _make(self, file_name: str, common_name: str, extensions: list[str],
              authority: Certificate | None = None) -> Certificate:
        made = self._files(file_name)
        issuer = ["-CA", str(authority.file), "-CAkey", str(authority.key)] if authority else []
        openssl("req", "-x509", "-config", str(self._configuration), *NEW_KEY, "-days", "30",
                "-subj", subject_of(common_name), "-keyout", str(made.key), "-out", str(made.file), *issuer,
                *(word for each in extensions for word in ("-addext", each)))
        return made

    def _files(self, file_name: str) -> Certificate:
        return Certificate(self.folder / f"{file_name}.pem", self.folder / f"{file_name}.key")


def days_ago(days: int) -> str:
    """A time as `openssl ca` has it."""
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - days * 86400))


def subject_of(common_name: str) -> str:
    return "/O=Example" + (f"/CN={common_name}" if common_name else "")


def leaf_extensions(alternative_names: tuple[str, ...], usage: str) -> list[str]:
    extensions = ["basicConstraints=critical,CA:FALSE", f"extendedKeyUsage={usage}"]
    if alternative_names:
        extensions.append("subjectAltName=" + ",".join(f"DNS:{name}" for name in alternative_names))
    return extensions
