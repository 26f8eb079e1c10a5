"""level = "dane": mail leaves to a server whose key is the one that signed TLSA records name, and to no other."""

from harness.certificates import Certificate, CertificateStore
from harness.daemon import connectorctl
from harness.dnssec import SignedNameserver, ValidatingResolver
from harness.validated import read_validated
from outbound import OutboundScenario, offer, outbound

RESOLVER = ("127.9.53.2", 53)


def tlsa(name: str, port: int, fingerprint: str, usage: str = "3 1 1") -> str:
    """A line of a zone; usage 3 1 1 is the SHA-256 of the server's own public key (RFC 6698, 2.1)."""
    return f"_{port}._tcp.{name}. IN TLSA {usage} {fingerprint.rpartition(':')[2]}\n"


class DaneScenario(OutboundScenario):
    """Each sink is the host NAME.dane.example, in a signed zone; `unsigned` is the same in one that is not."""

    parameters = {"smtp_dns_support_level": "dnssec", "smtp_host_lookup": "dns"}

    @classmethod
    def prepare(cls):
        store = CertificateStore(cls.site.path / "certificates")
        cls.shown = store.self_signed("shown", "any name")
        cls.other = store.self_signed("other", "any name")
        for name, sink in cls.sinks.items():
            if name != "plain":
                offer(sink, cls.shown)
        nameserver = SignedNameserver(cls.site.workspace, cls.zone(), {"unsigned.example": cls.unsigned_zone()}, cls.forge)
        resolver = ValidatingResolver(cls.site.workspace, nameserver, RESOLVER)
        for server in (nameserver, resolver):
            cls.site.stack.callback(server.stop)
            server.start()
        cls.site.postfix.name_server = RESOLVER[0]

    @classmethod
    def record(cls, name: str, certificate: Certificate, usage: str = "3 1 1", domain: str = "dane.example") -> str:
        return tlsa(f"{name}.{domain}", cls.sinks[name].port, certificate.public_key_fingerprint, usage)

    @classmethod
    def zone(cls) -> str:
        raise NotImplementedError

    @classmethod
    def unsigned_zone(cls) -> str:
        return ""

    @classmethod
    def forge(cls, zone: str) -> str:
        return zone


class Dane(DaneScenario):
    # Those of the last line are aliases: NAME.dane.example of NAME-end.dane.example, by way of another one.
    aliases = ("at-end", "misled", "at-first", "half")
    hosts = ("right", "second", "wrong", "none", "plain", "unsigned", "unusable", "forged", "mx", *aliases)
    addresses = {"mx": ("127.9.25.2", 25)}

    @classmethod
    def zone(cls):
        return ("".join(f"{name}.dane.example. IN A 127.0.0.1\n" for name in cls.hosts
                        if name not in ("mx", *cls.aliases)) +
                cls.zone_of_aliases() +
                "mx.dane.example. IN A 127.9.25.2\nby-mx.example. IN MX 10 mx.dane.example.\n" +
                cls.record("right", cls.shown) +
                cls.record("second", cls.other) + cls.record("second", cls.shown) +  # as while a key is changed
                cls.record("wrong", cls.other) + cls.record("forged", cls.other) + cls.record("plain", cls.shown) +
                cls.record("unusable", cls.shown, "0 1 1") +  # names of public authorities, which SMTP does not use
                cls.record("mx", cls.shown))

    @classmethod
    def zone_of_aliases(cls):
        """Records at both ends, one of them wrong; at one end only; and an end that nobody vouches for."""
        chains = "".join(f"{name}.dane.example. IN CNAME {name}-way.dane.example.\n"
                         f"{name}-way.dane.example. IN CNAME {name}-end.dane.example.\n"
                         f"{name}-end.dane.example. IN A 127.0.0.1\n" for name in cls.aliases if name != "half")
        key, other = cls.shown.public_key_fingerprint, cls.other.public_key_fingerprint
        ports = {name: cls.sinks[name].port for name in cls.aliases}
        return (chains + "half.dane.example. IN CNAME half.unsigned.example.\n" +
                tlsa("at-end-end.dane.example", ports["at-end"], key) +
                tlsa("misled-end.dane.example", ports["misled"], other) + cls.record("misled", cls.shown) +
                cls.record("at-first", cls.shown) + cls.record("half", cls.shown))

    @classmethod
    def forge(cls, zone):
        """The record of one host becomes that of the key that is shown; its signature is of the record before."""
        digests = [key.public_key_fingerprint.partition(":")[2] for key in (cls.other, cls.shown)]
        return "".join(line.replace(*digests) if "._tcp.forged.dane.example.\t" in line else line
                       for line in zone.splitlines(keepends=True))

    @classmethod
    def unsigned_zone(cls):
        return ("unsigned.unsigned.example. IN A 127.0.0.1\nhalf.unsigned.example. IN A 127.0.0.1\n" +
                cls.record("unsigned", cls.shown, domain="unsigned.example"))

    @classmethod
    def configuration(cls):
        connectors = "".join(outbound(name, f"{name}.example.com", hosts=(cls.at(name, f"{name}.{domain}"),),
                                      tls='level = "dane"')
                             for name in cls.hosts if name != "mx"
                             for domain in ["unsigned.example" if name == "unsigned" else "dane.example"])
        return connectors + outbound("mx", "by-mx.example", tls='level = "dane"')

    def test_mail_arrives_where_the_key_is_the_one_that_dns_names(self):
        for recipient, sink in {"user@right.example.com": "right", "user@second.example.com": "second",
                                "user@by-mx.example": "mx", "user@at-end.example.com": "at-end",
                                "user@at-first.example.com": "at-first", "user@half.example.com": "half"}.items():
            with self.subTest(sink):
                self.assertEqual(self.arrived(self.leave(recipient), sink).tls_version, "TLSv1.3")
                verified = rf"Verified TLS connection established to {sink}\.dane\.example"
                self.assertTrue(self.site.postfix.log_lines(verified), self.site.postfix.log())

    def test_mail_waits_elsewhere_and_the_log_says_why(self):
        for name, words in {"wrong": "Server certificate not verified", "none": "no TLSA records found",
                            "misled": "Server certificate not verified",
                            "unsigned": "no TLSA records found", "forged": "TLSA lookup error for forged.dane.example",
                            "unusable": "TLSA records unusable",
                            "plain": "TLS is required, but was not offered"}.items():
            with self.subTest(name):
                recipient = f"user@{name}.example.com"
                self.assert_waits(recipient, self.leave(recipient), words)
        self.assertTrue(self.site.postfix.log_lines(r"verification failed for wrong\..*no matching DANE TLSA records"))


    def test_validate_finds_what_postfix_finds(self):
        """The key must be right, whichever name of an alias the records stand at."""
        asked = self.site.path / "validate.toml"
        asked.write_text(self.site.configuration(
            f'[dns]\nservers = ["{RESOLVER[0]}"]\n[validation]\nprivate_networks = ["127.0.0.0/8"]\n'
            f'state = "{self.site.path}/validation"\n' + self.configuration()))
        for name, outcome, base in (("right", "passed", "right"), ("at-end", "passed", "at-end-end"),
                                    ("at-first", "passed", "at-first"), ("half", "passed", "half"),
                                    ("misled", "certificate", "misled-end"), ("wrong", "certificate", "wrong"),
                                    ("none", "certificate", "none"), ("unsigned", "certificate", None),
                                    ("forged", "deferred", "forged")):
            with self.subTest(name):
                done = connectorctl("validate", name, "--json", "--rcpt-to", f"user@{name}.example.com", "--config", asked)
                validated = read_validated(self, done.status, done.stdout, done.stderr)
                self.assertEqual(validated.outcome, outcome, validated.report)
                if base:
                    self.assertIn(f"._tcp.{base}.dane.example", validated.step("dane.tlsa")["expected"])


class DaneWithoutDnssec(DaneScenario):
    """Postfix does not ask for DNSSEC, so it learns nothing that it could believe."""

    hosts = ("right",)
    parameters = {"smtp_dns_support_level": "enabled", "smtp_host_lookup": "dns"}

    @classmethod
    def zone(cls):
        return "right.dane.example. IN A 127.0.0.1\n" + cls.record("right", cls.shown)

    @classmethod
    def configuration(cls):
        return outbound("right", "right.example.com", hosts=(cls.at("right", "right.dane.example"),),
                        tls='level = "dane"')

    def test_all_mail_waits_and_status_says_why(self):
        self.assert_waits("user@right.example.com", self.leave("user@right.example.com"),
                          "client TLS configuration problem")
        self.assertTrue(self.site.postfix.log_lines("dane-only configured with dnssec lookups disabled"))
        output = connectorctl("status", "--config", self.site.connectord.config_file, "--postfix-config",
                              self.site.postfix.configuration)
        self.assertIn("smtp_dns_support_level = dnssec", output.stdout)
