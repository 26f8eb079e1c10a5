"""import postfix: what a site has pieced together becomes connectors, and mail goes as before."""

import json
from pathlib import Path

from harness.daemon import Output, connectorctl
from harness.site import SiteOptions
from outbound import SENDER, OutboundScenario, offer

SHOP = "shop@example.net"
PASSWORD = "shop-login:corr3ct-horse"


class PiecedTogether(OutboundScenario):
    """Postfix has tables of its own, and nothing of connectord."""

    hosts = ("contoso", "branch", "provider")
    asking_for_login = ("provider",)
    options = SiteOptions(attached=False, server='include = ["connectors.d/*.toml"]')

    @classmethod
    def configuration(cls) -> str:
        return ""

    @classmethod
    def prepare(cls):
        for name in ("contoso", "provider"):
            offer(cls.sinks[name], cls.site.certificates["sink"])

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.site.path
        cls.tables = {name: folder / name for name in ("transport", "policies", "relays", "passwords", "clients")}
        cls.tables["transport"].write_text(
            f"# routes\nContoso.com smtp:{cls.at('contoso')}\n.contoso.com\n  smtp:{cls.at('contoso')}\n"
            f"branch.example relay:{cls.at('branch')}\nsomebody@branch.example smtp:{cls.at('contoso')}\n"
            "lists.example error:5.1.1 there are no lists\n")
        cls.tables["policies"].write_text(f"{cls.at('contoso')} encrypt\n{cls.at('provider')} encrypt\n")
        cls.tables["relays"].write_text(f"{SHOP} {cls.at('provider')}\n")
        cls.tables["passwords"].write_text(f"{cls.at('provider')} {PASSWORD}\n")
        cls.tables["clients"].write_text("192.0.2.7 OK\n198.51.100 REJECT\n")
        # Of a site's own Postfix, its way out is default_transport's, which would count before.
        cls.site.postfix.set(default_transport="smtp", relayhost=f"[127.0.0.1]:{cls.site.sinks['default'].port}",
                             transport_maps=cls.table("transport"), smtp_tls_policy_maps=cls.table("policies"),
                             sender_dependent_relayhost_maps=cls.table("relays"),
                             smtp_sasl_password_maps=cls.table("passwords"), smtp_sasl_auth_enable="yes",
                             smtp_sasl_tls_security_options="noanonymous",
                             smtpd_client_restrictions=f"check_client_access {cls.table('clients')}")
        cls.site.postfix.reload()

    @classmethod
    def table(cls, name: str) -> str:
        return f"texthash:{cls.tables[name]}"

    @classmethod
    def ask(cls, *words: str) -> Output:
        return connectorctl(*words, "--config", cls.site.connectord.config_file)

    @classmethod
    def bring_over(cls, *options: str) -> Output:
        return cls.ask("import", "postfix", "--postfix-config", cls.site.postfix.configuration, "--secrets",
                       str(cls.site.path / "secrets"), *options)

    def where_mail_goes(self) -> dict[str, str]:
        """The sink of each kind of mail, with TLS and the user, if any."""
        ways = {"a@contoso.com": SENDER, "a@mail.contoso.com": SENDER, "a@branch.example": SENDER,
                "somebody@branch.example": SENDER, "a@elsewhere.example": SENDER, "b@elsewhere.example": SHOP}
        found = {}
        for recipient, sender in ways.items():
            message = self.site.arrival(self.leave(recipient, sender=sender))
            found[recipient] = f"{message.sink} {message.tls_version} {message.login}"
        return found

    def test_mail_goes_as_before_by_connectors_alone(self):
        before = self.where_mail_goes()
        self.assertIn("shop-login", before["b@elsewhere.example"])
        main_cf = self.site.postfix.configuration / "main.cf"
        untouched = main_cf.read_bytes()
        folder = self.site.path / "connectors.d"
        folder.mkdir()
        printed = self.bring_over()
        self.assertEqual(printed.status, 0, printed.stderr)
        self.assertFalse((self.site.path / "secrets").exists(), "nothing is written but with --output")
        self.assert_programs_get_the_same()
        written = self.bring_over("--output", str(folder / "postfix.toml"))
        self.assertEqual(written.status, 0, written.stderr)
        self.assertEqual(main_cf.read_bytes(), untouched)
        self.assertEqual((folder / "postfix.toml").read_text(), printed.stdout)
        self.assertNotIn("corr3ct-horse", printed.stdout + printed.stderr)
        self.assertEqual(self.passwords(), {"shop-example.net-out": f"{PASSWORD}\n"})
        checked = self.ask("check")
        self.assertEqual(checked.status, 0, checked.stdout + checked.stderr)

        self.site.connectord.reload()
        attached = self.ask("attach", "postfix", "--postfix-config", self.site.postfix.configuration, "--yes",
                            "--no-probe")
        self.assertEqual(attached.status, 0, attached.stderr)
        # Of the tables only what was left is there any more.
        self.tables["transport"].write_text(
            f"somebody@branch.example smtp:{self.at('contoso')}\nlists.example error:5.1.1 there are no lists\n")
        for name in ("policies", "relays", "passwords"):
            self.tables[name].write_text("")
        self.site.postfix.reload()
        self.assertEqual(self.where_mail_goes(), before)

    def assert_programs_get_the_same(self):
        answered = self.bring_over("--json")
        self.assertEqual(answered.status, 0, answered.stderr)
        found = json.loads(answered.stdout)
        names = [each["connector"]["name"] for each in found["connectors"]]
        self.assertEqual(names, ["contoso.com-out", "branch.example-out", "all-out", "shop-example.net-out", "clients"])
        properties = {each["name"]: each["fate"] for each in found["others"][0]["properties"]}
        self.assertEqual(properties["transport_maps somebody@branch.example"], "left")
        self.assertEqual(properties["transport_maps lists.example"], "by hand")
        self.assertEqual(properties["check_client_access 198.51.100"], "left")

    def passwords(self) -> dict[str, str]:
        return {file.name: file.read_text() for file in Path(self.site.path / "secrets").iterdir()}

    def test_a_postfix_without_any_of_it_has_nothing_to_take(self):
        bare = self.site.path / "bare"
        bare.mkdir()
        for name in ("main.cf", "master.cf"):
            (bare / name).write_text("")
        refused = self.ask("import", "postfix", "--postfix-config", str(bare))
        self.assertEqual(refused.status, 1)
        self.assertIn("have nothing that would be a connector", refused.stderr)
