"""What the scenarios about `connectorctl validate` share: a site, servers with certificates of all kinds, and questions."""

import os
import subprocess
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from harness.certificates import Certificate, CertificateStore
from harness.daemon import build_folder
from harness.site import Site, SiteOptions
from harness.validated import Validated, read_validated

MX = "mx.contoso.com"
RECIPIENT = "postmaster@contoso.com"


class Certificates:
    """The certificates of servers, good and bad, by the names of their files, with their authority."""

    def __init__(self, folder: Path):
        self.store = CertificateStore(folder)
        self.authority = self.store.authority("authority", "Contoso Server CA")
        names = (MX,)
        self.good = self.store.issued("good", self.authority, MX, alternative_names=names)
        self.expired = self.store.expired("expired", self.authority, MX, names)
        self.elsewhere = self.store.issued("elsewhere", self.authority, "mx.fabrikam.com")
        self.alone = self.store.self_signed("alone", MX)
        self.revoked = self.store.issued("revoked", self.authority, MX, alternative_names=names)
        self.list = self.store.revocation_list("revoked", self.authority, self.revoked)


def showing(certificate: Certificate, **parameters: str) -> dict[str, str]:
    """The parameters of an smtpd with this certificate."""
    return {"smtpd_tls_cert_file": str(certificate.file), "smtpd_tls_key_file": str(certificate.key),
            "smtpd_milters": "", "smtpd_recipient_restrictions": "permit", **parameters}


class ValidateScenario(unittest.TestCase):
    """Has a site whose Postfix plays the partner, each `entrance` one server of theirs; connectord does not run."""

    zone = f"{MX} IN A 127.0.0.1\n"
    validation = 'private_networks = ["127.0.0.0/8"]'
    options: SiteOptions = SiteOptions()
    site: Site
    certificates: Certificates

    @classmethod
    def entrances(cls) -> dict[str, dict[str, str]]:
        return {"smtp": showing(cls.certificates.good)}

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="connectord-certificates-"))
        Path(folder).chmod(0o755)  # connectord reads the authority's certificate, too
        cls.certificates = Certificates(Path(folder))
        zone = cls.zone if cls.options.zone is None else cls.options.zone
        cls.site = Site("", replace(cls.options, launch=False, zone=zone, entrances=cls.entrances()))
        cls.enterClassContext(cls.site)
        cls.state = cls.site.path / "validation"

    def connector(self, *hosts: str, tls: str = 'level = "match"\nmatch = ["mx.contoso.com"]', route: str = "",
                  domains: str = '"contoso.com"') -> str:
        """TOML of a connector to these hosts, or by MX, that trusts the authority of the scenario."""
        trust = f'ca_file = "{self.certificates.authority.file}"' if '"match"' in tls or '"verify"' in tls else ""
        smart_hosts = f"smart_hosts = {list(hosts)}" if hosts else ""
        return (f'[[outbound]]\nname = "contoso-out"\nscenario = "partner"\nrecipient_domains = [{domains}]\n'
                f'[outbound.route]\n{smart_hosts}\n{route}\n[outbound.tls]\n{tls}\n{trust}\n')

    def at(self, entrance: str) -> str:
        return f"[{MX}]:{self.site.postfix.ports[entrance]}"

    def configure(self, connectors: str) -> None:
        self.site.reconfigure(f'[validation]\nstate = "{self.state}"\n{self.validation}\n{connectors}')

    def run_validate(self, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        command = [build_folder() / "connectorctl", "validate", "--config", self.site.connectord.config_file, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                              env={**os.environ, **(environment or {})})

    def validate(self, connectors: str, *arguments: str, name: str = "contoso-out", **options) -> Validated:
        self.configure(connectors)
        done = self.run_validate(name, "--json", *arguments, **options)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return read_validated(self, done.returncode, done.stdout, done.stderr)
