"""Senders whose names and records are made to cost as much as they can, and everybody else's mail beside them."""

import contextlib

from authentication import SENDER_ADDRESS, AuthenticationScenario, checked_by
from harness.dkim_signer import rsa_key, signer
from harness.dns_server import txt
from scenario import RECIPIENT

# 930 parts, of which a name that DNS can be asked for has room for 126.
MANY_PARTS = ".".join("a" * 930)
LONGEST_NAME = 253


def cut(name: str) -> str:
    """As RFC 7208, 7.3 shortens a name."""
    return name if len(name) <= LONGEST_NAME else name[name.index(".", len(name) - LONGEST_NAME - 1) + 1:]


def padded(end: str) -> str:
    """A record of 4 KiB, which is as long as one may be, that ends so."""
    network = " ip4:198.51.100.1"
    return "v=spf1" + network * ((4096 - len("v=spf1" + end)) // len(network)) + end


ZONE = txt("good.example", f"v=spf1 ip4:{SENDER_ADDRESS} -all") + txt("_dmarc.good.example", "v=DMARC1; p=reject")
ZONE += rsa_key().zone("good.example")
# As long as DNS can answer, in each of ten includes.
ZONE += txt("long.example", "v=spf1 " + " ".join(f"include:r{n}.long.example" for n in range(10)) + " ?all")
ZONE += "".join(txt(f"r{n}.long.example", "v=spf1 exists:" + "%{Lr}" * 12_000 + ".example") for n in range(10))
# Within all bounds, and of more macros in each name than it has room for.
ZONE += txt("deep.example", padded(f" include:{'%{Lr}' * 32}.r1.deep.example ?all"))
ZONE += "".join(txt(cut(f"{MANY_PARTS}.r{n}.deep.example"), padded(f" include:{'%{Lr}' * 32}.r{n + 1}.deep.example ?all"))
                for n in range(1, 9))
ZONE += txt(cut(f"{MANY_PARTS}.r9.deep.example"), padded(f" ip4:{SENDER_ADDRESS} ?all"))


class HostileSenders(AuthenticationScenario):
    options = checked_by(ZONE)

    def test_records_without_measure_are_in_error(self):
        spf = self.results(self.send(f"{MANY_PARTS}@long.example", author="a@long.example"))["spf"]
        self.assertEqual(spf.result, "permerror")
        self.assertIn("longer than 4096 bytes", spf.reason)

    def test_records_as_large_as_they_may_be_are_judged(self):
        spf = self.results(self.send(f"{MANY_PARTS}@deep.example", author="a@deep.example"))["spf"]
        self.assertEqual(spf.result, "pass", spf)

    def test_other_mail_passes_beside_them(self):
        with contextlib.ExitStack() as stack:
            hostile = [stack.enter_context(self.open(source="127.0.0.99", tls=False)) for _ in range(20)]
            for number, client in enumerate(hostile):
                domain = ("long.example", "deep.example")[number % 2]
                self.assertEqual(client.mail(f"{MANY_PARTS}@{domain}").code, 250)
            for _ in range(5):
                results = self.results(self.send("a@good.example", finish=signer("good.example")))
                self.assertEqual([results[method].result for method in ("spf", "dkim", "dmarc")], ["pass"] * 3)
            for client in hostile:
                self.assertEqual(client.rcpt(RECIPIENT).code, 250)
