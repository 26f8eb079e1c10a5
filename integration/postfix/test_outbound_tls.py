"""What [outbound.tls] asks of the way to the next host: mail gets there so protected, or it waits and the log says why."""

import ssl

from harness.certificates import CertificateStore
from outbound import OutboundScenario, certificates_of_servers, offer, outbound

# Each level against servers of all sorts. A case is a sink, a domain below example.com, and a connector.
TLS_1_3_ONLY = 'version = "TLSv1.3"'


class Levels(OutboundScenario):
    """Hosts are reached by the name localhost, which the certificate of the good ones has."""

    hosts = ("plain-may", "tls-may", "plain-require", "any-require", "old-require", "new-require", "good-verify",
             "unknown-verify", "expired-verify", "elsewhere-verify", "untrusted-verify", "address-verify", "good-match",
             "address-match", "below-match", "elsewhere-match", "expired-match", "unknown-match", "unreadable-match",
             "own-policy")

    @classmethod
    def prepare(cls):
        store = CertificateStore(cls.site.path / "certificates")
        made = {**cls.site.certificates, **certificates_of_servers(store, cls.site.certificates["authority"])}
        shown = {"may": "sink", "any": "sink", "old": "sink", "new": "sink", "good": "mx", "below": "mx",
                 "unknown": "sink", "address": "mx", "unreadable": "mx", "expired": "expired", "elsewhere": "elsewhere", "untrusted": "mx", "tls": "sink"}
        for name, sink in cls.sinks.items():
            kind = name.partition("-")[0]
            if kind in shown:
                offer(sink, made[shown[kind]], ssl.TLSVersion.TLSv1_2 if kind == "old" else None)

    @classmethod
    def configuration(cls):
        trusted = f'ca_file = "{cls.site.certificates["authority"].file}"'
        tables = {
            "plain-may": 'level = "opportunistic"', "tls-may": 'level = "opportunistic"',
            "plain-require": 'level = "require"', "any-require": 'level = "require"\nversion = "TLSv1.2"',
            "old-require": 'level = "require"\n' + TLS_1_3_ONLY, "new-require": 'level = "require"\n' + TLS_1_3_ONLY,
            "untrusted-verify": 'level = "verify"',
            "good-match": 'level = "match"\nmatch = ["mx.fabrikam.com", "mx.contoso.com"]\n' + trusted,
            "below-match": 'level = "match"\nmatch = [".contoso.com"]\n' + trusted,
            **{f"{kind}-verify": 'level = "verify"\n' + trusted for kind in ("good", "unknown", "expired", "elsewhere", "address")},
            **{f"{kind}-match": 'level = "match"\nmatch = ["mx.contoso.com"]\n' + trusted
               for kind in ("elsewhere", "expired", "unknown", "address")},
            "unreadable-match": 'level = "match"\nmatch = ["mx.contoso.com"]\nca_file = "/nowhere/ca.pem"',
            "own-policy": "",
        }
        return "".join(outbound(name, f"{name}.example.com", tls=tables[name],
                                hosts=(cls.at(name, "127.0.0.1" if name.startswith("address") else "localhost"),))
                       for name in cls.hosts)

    def test_mail_arrives_where_the_server_has_what_is_asked_for(self):
        for name, version in {"plain-may": None, "tls-may": "TLSv1.3", "any-require": "TLSv1.3",
                              "new-require": "TLSv1.3", "good-verify": "TLSv1.3", "good-match": "TLSv1.3",
                              "below-match": "TLSv1.3", "address-match": "TLSv1.3", "own-policy": None}.items():
            with self.subTest(name):
                token = self.leave(f"user@{name}.example.com")
                self.assertEqual(self.arrived(token, name).tls_version, version)

    def test_mail_waits_where_it_has_not_and_the_log_names_the_cause(self):
        for name, words in {"plain-require": "TLS is required, but was not offered",
                            "old-require": "Cannot start TLS: handshake failure"}.items():
            with self.subTest(name):
                recipient = f"user@{name}.example.com"
                self.assert_waits(recipient, self.leave(recipient), words)

    def test_mail_waits_where_the_file_of_authorities_cannot_be_read(self):
        recipient = "user@unreadable-match.example.com"
        self.assert_waits(recipient, self.leave(recipient), "client TLS configuration problem")
        self.assertTrue(self.site.postfix.log_lines("warning: .*/nowhere/ca.pem"), self.site.postfix.log())

    def test_mail_waits_where_the_certificate_will_not_do_and_the_log_says_why(self):
        for name, cause in {"unknown-verify": "no matching DANE TLSA records",  # so are the file's authorities held
                            "untrusted-verify": "untrusted issuer", "expired-verify": "certificate has expired",
                            "elsewhere-verify": "hostname mismatch", "address-verify": "IP address mismatch",
                            "unknown-match": "no matching DANE TLSA records", "expired-match": "certificate has expired",
                            "elsewhere-match": "hostname mismatch"}.items():
            with self.subTest(name):
                recipient = f"user@{name}.example.com"
                self.assert_waits(recipient, self.leave(recipient), "Server certificate not verified")
                failed = rf"certificate verification failed for .*:{self.sinks[name].port}: .*{cause}"
                self.assertTrue(self.site.postfix.log_lines(failed), self.site.postfix.log_lines("verification failed"))
