"""What Postfix has by delivery service alone: a certificate of ours, TLS from the first byte, passwords by sender. The
other side is a Postfix that demands each."""

from harness.certificates import CertificateStore
from harness.daemon import Output, connectorctl
from harness.postfix import PrivatePostfix
from harness.sasl import AuthenticationServer
from harness.site import SiteOptions
from harness.socketmap import SocketmapClient
from harness.waiting import wait_until
from harness.workspace import Workspace
from outbound import OutboundScenario, outbound
from test_outbound_credentials import keep_secret

SHOP = "shop@example.net"
HOSTED = "anne@hosted.example"
ACCOUNTS = {"shop-login": "shop-secret", "hosted-login": "hosted-secret"}
DEMANDS_CERTIFICATE = {"smtpd_tls_security_level": "encrypt", "smtpd_tls_req_ccert": "yes"}
DEMANDS_LOGIN = {"smtpd_tls_auth_only": "yes",
                 "smtpd_sender_login_maps": "inline:{ {shop@example.net = shop-login} {@hosted.example = hosted-login} }",
                 "smtpd_recipient_restrictions": "reject_sender_login_mismatch, permit_sasl_authenticated, reject"}


class Services(OutboundScenario):
    """`attach` has made the services; nothing of Postfix was written by hand."""

    hosts = ("mailbox",)  # where the partner's own mail ends
    options = SiteOptions(attached=False)

    @classmethod
    def prepare(cls):
        store = CertificateStore(cls.site.path / "tls")
        authority = store.authority("authority", "Contoso CA")
        server = store.issued("server", authority, "mx.contoso.com", alternative_names=("mx.contoso.com", "localhost"))
        cls.authority = authority
        cls.ours = store.issued("ours", authority, "mail.example.net")
        for name, password in ACCOUNTS.items():
            keep_secret(cls.site.path / f"{name}.secret", f"{name}:{password}\n")
        workspace = cls.site.stack.enter_context(Workspace("connectord-partner-"))
        login = AuthenticationServer(workspace.path / "login.sock", accounts=ACCOUNTS)
        login.start()
        cls.site.stack.callback(login.stop)
        cls.partner = PrivatePostfix(
            workspace,
            {"myhostname": "mx.contoso.com", "relay_domains": "contoso.com, example.org",
             "relay_transport": f"smtp:[127.0.0.1]:{cls.sinks['mailbox'].port}",
             "smtpd_tls_cert_file": str(server.file), "smtpd_tls_key_file": str(server.key),
             "smtpd_tls_CAfile": str(authority.file), **login.postfix_parameters()},
            {"demanding": DEMANDS_CERTIFICATE, "wrapped": {"smtpd_tls_wrappermode": "yes"}, "login": DEMANDS_LOGIN})
        cls.partner.start()
        cls.site.stack.callback(cls.partner.stop)

    @classmethod
    def entrance(cls, name: str, scheme: str = "") -> tuple[str, ...]:
        return (f"{scheme}[localhost]:{cls.partner.ports[name]}",)

    @classmethod
    def configuration(cls) -> str:
        require = 'level = "require"'
        ours = f'\ncertificate = "{cls.ours.file}"\nkey = "{cls.ours.key}"'
        return (outbound("showing-out", "contoso.com", hosts=cls.entrance("demanding"), tls=require + ours) +
                outbound("bare-out", "bare.contoso.com", hosts=cls.entrance("demanding"), tls=require) +
                outbound("wrapped-out", "example.org", hosts=cls.entrance("wrapped", "smtps:"),
                         tls=f'level = "match"\nmatch = ["mx.contoso.com"]\nca_file = "{cls.authority.file}"') +
                cls.login("shop", f'senders = ["{SHOP}"]') + cls.login("hosted", 'sender_domains = ["hosted.example"]'))

    @classmethod
    def login(cls, name: str, keys: str) -> str:
        return outbound(f"{name}-out", hosts=cls.entrance("login"), tls='level = "require"', keys=keys,
                        route=f'credentials = "{cls.site.path}/{name}-login.secret"')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.master_cf = cls.site.postfix.configuration / "master.cf"
        cls.before = cls.master_cf.read_bytes()
        cls.shown = cls.attach()
        cls.unattached_status = cls.ask("status")
        cls.attached = cls.attach("--yes", "--no-probe")
        cls.site.postfix.reload()

    @classmethod
    def ask(cls, *words: str) -> Output:
        return connectorctl(*words, "--config", cls.site.connectord.config_file, "--postfix-config",
                            cls.site.postfix.configuration)

    @classmethod
    def attach(cls, *options: str) -> Output:
        return cls.ask("attach", "postfix", *options)

    def way_in(self, message) -> str:
        """The Received field of the partner's own entrance."""
        return next(field for field in message.all("Received") if "by mx.contoso.com" in field)

    def test_our_certificate_is_shown_to_who_demands_it(self):
        message = self.arrived(self.leave("a@contoso.com"), "mailbox")
        self.assertIn('Client CN "mail.example.net"', self.way_in(message))

    def test_without_one_that_server_takes_nothing(self):
        recipient = "a@bare.contoso.com"
        self.leave(recipient)
        wait_until(lambda: self.site.postfix.log_lines(f"to=<{recipient}>.*status=(deferred|bounced)"), "a refusal")

    def test_tls_from_the_first_byte(self):
        message = self.arrived(self.leave("a@example.org"), "mailbox")
        self.assertIn("using TLSv1.", self.way_in(message))

    def test_each_sender_logs_in_at_the_same_host_as_himself(self):
        for sender in (SHOP, HOSTED):
            with self.subTest(sender):
                recipient = f"{sender.partition('@')[0]}@fabrikam.com"
                self.leave(recipient, sender=sender)
                log = wait_until(lambda: self.site.postfix.log_lines(f"to=<{recipient}>.*status="), "an attempt")
                self.assertIn("status=sent", log[0])
        names = {line.partition("sasl_username=")[2] for line in self.partner.log_lines("sasl_username=")}
        self.assertEqual(names, set(ACCOUNTS))

    def test_a_password_is_for_its_own_service_and_host_alone(self):
        host = self.entrance("login")[0]
        with SocketmapClient(self.site.socketmap) as client:
            self.assertEqual(client.ask("sasl-password/shop-out", host), "OK shop-login:shop-secret")
            for key in (SHOP, "localhost", "contoso.com", "", self.entrance("demanding")[0]):
                self.assertEqual(client.ask("sasl-password/shop-out", key), "NOTFOUND ")
            for key in (host, SHOP, HOSTED):
                self.assertEqual(client.ask("sasl-password", key), "NOTFOUND ")
            self.assertIn("TEMP", client.ask("sasl-password/nobody", host))
            self.assertIn("TEMP", client.ask("tls-policy/bare-out", host))

    def test_what_leaves_by_a_service_that_is_missing_waits(self):
        attached = self.master_cf.read_bytes()

        def put(content: bytes) -> None:
            self.master_cf.write_bytes(content)
            self.site.postfix.reload()

        self.addCleanup(put, attached)
        put(self.before)
        recipient = "waits@contoso.com"
        self.leave(recipient)
        wait_until(lambda: self.site.postfix.log_lines(f"to=<{recipient}>.*status=deferred"), "a deferral", 30)
        self.assertIn("connectord-showing-out", self.ask("status").stdout)

    def test_attach_shows_them_and_status_says_when_one_is_missing(self):
        for text in ("+connectord-showing-out unix - - n - - smtp", "+    -o smtp_tls_wrappermode=yes",
                     f"+    -o smtp_tls_chain_files={self.ours.key},{self.ours.file}",
                     "mail of the outbound connector shop-out leaves by it, with a password of its own"):
            self.assertIn(text, self.shown.stdout)
        self.assertIn("the service connectord-wrapped-out", self.unattached_status.stdout)
        self.assertIn("is missing, so mail waits", self.unattached_status.stdout)
        self.assertNotIn("the service connectord", self.ask("status").stdout)
        self.assertIn("4 services changed", self.attached.stdout)
        self.assertIn("nothing to do", self.attach("--yes", "--no-probe").stdout)

    def test_detach_takes_them_out_to_the_byte(self):
        attached = self.master_cf.read_bytes()
        self.assertNotEqual(attached, self.before)
        self.assertIn("-connectord-showing-out unix", self.ask("detach", "postfix").stdout)
        self.assertEqual(self.ask("detach", "postfix", "--yes").status, 0)
        self.assertEqual(self.master_cf.read_bytes(), self.before)
        self.attach("--yes", "--no-probe")
        self.site.postfix.reload()
        self.assertEqual(self.master_cf.read_bytes(), attached)

    def test_our_certificate_is_watched(self):
        listed = self.ask("certificates").stdout
        self.assertIn("showing-out, outbound.tls.certificate", listed)
