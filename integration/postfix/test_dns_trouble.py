"""DNS that is away, silent, slow or lying: what needs it is deferred in time, and all other mail goes on."""

import contextlib
import ctypes
import re
import resource
import statistics
import threading
import time
from pathlib import Path

from authentication import SENDER_ADDRESS, AuthenticationScenario, checked_by, requiring
from harness import dns_server
from harness.client import message
from harness.dkim_signer import rsa_key, signer
from harness.dns_server import txt
from harness.milter import MilterClient
from harness.site import Host, SiteOptions
from harness.submission import new_token
from harness.waiting import wait_until
from scenario import RECIPIENT, HostScenario, submit

LIES = {
    "noise": dns_server.noise, "cut-off": dns_server.cut_off, "header-only": dns_server.header_only,
    "a-few-octets": dns_server.a_few_octets, "nothing": lambda answer: b"", "another-id": dns_server.another_id,
    "another-question": dns_server.another_question,
    "endless-pointer": dns_server.endless_pointer, "too-many-answers": dns_server.too_many_answers,
    "too-long-a-record": dns_server.a_record_longer_than_the_packet, "always-truncated": dns_server.always_truncated,
}


def domain_zone(domain: str) -> str:
    """A domain that SENDER_ADDRESS may send for, and that asks to refuse everything else."""
    return (txt(domain, f"v=spf1 ip4:{SENDER_ADDRESS} -all") + txt(f"_dmarc.{domain}", "v=DMARC1; p=reject") +
            rsa_key().zone(domain))


ZONE = "".join(map(domain_zone, ("good.example", "silent.example", "slow.example", "late.example", "foreign.example",
                                 *(f"{lie}.lie.example" for lie in LIES))))
# Nine lookups, one after the other, each of which is in time.
ZONE += txt("chain.example", "v=spf1 include:i0.crawl.example -all") + txt("_dmarc.chain.example", "v=DMARC1; p=reject")
ZONE += "".join(txt(f"i{n}.crawl.example", f"v=spf1 include:i{n + 1}.crawl.example -all") for n in range(8))
ZONE += txt("i8.crawl.example", f"v=spf1 ip4:{SENDER_ADDRESS} -all")


def cares_version() -> int:
    """Of the library that connectord is linked to, with a byte for each part."""
    version = ctypes.c_int()
    ctypes.CDLL("libcares.so.2").ares_version(ctypes.byref(version))
    return version.value


class Trouble(AuthenticationScenario):
    options = checked_by(ZONE, faults={"silent.example": dns_server.silence, "slow.example": dns_server.slow(0.5),
                                       "late.example": dns_server.slow(30), "foreign.example": dns_server.another_owner,
                                       "crawl.example": dns_server.slow(0.8),
                                       **{f"{lie}.lie.example": fault for lie, fault in LIES.items()}})

    def test_slow_answers_are_waited_for(self):
        with self.open(source=SENDER_ADDRESS, tls=False) as client:
            start = time.monotonic()
            sent = submit(client, "a@slow.example", author="a@slow.example", finish=signer("slow.example"))
            # One after the other, SPF, key and policy would take 1.5 s at least.
            self.assertLess(time.monotonic() - start, 1.2)
        results = self.results(sent)
        self.assertEqual([results[method].result for method in ("spf", "dkim", "dmarc")], ["pass"] * 3)

    def test_answers_that_do_not_come_in_time_are_deferred(self):
        for domain in ("silent.example", "late.example"):
            with self.subTest(domain):
                start = time.monotonic()
                sent = self.send(f"a@{domain}", finish=signer(domain))
                self.assert_refused_at_end(sent, "451 4.7.1", domain)
                self.assertLess(time.monotonic() - start, 4.5)

    def test_slow_lookups_together_take_no_longer_than_the_budget(self):
        start = time.monotonic()
        self.assert_refused_at_end(self.send("a@chain.example"), "451 4.7.1", "chain.example")
        self.assertLess(time.monotonic() - start, 4.5)

    def test_lies_are_no_answers(self):
        for lie in LIES:
            with self.subTest(lie):
                domain, start = f"{lie}.lie.example", time.monotonic()
                sent = self.send(f"a@{domain}", finish=signer(domain))
                self.assert_refused_at_end(sent, "451 4.7.1")
                self.assertLess(time.monotonic() - start, 4.5)
                self.assertEqual(self.results(self.send("a@good.example"))["dmarc"].result, "pass")

    def test_a_record_of_another_name_is_not_believed(self):
        sent = self.send("a@foreign.example", finish=signer("foreign.example"))
        if sent.reply.code == 250:
            results = self.results(sent)
            self.assertEqual([results[method].result for method in ("spf", "dmarc")], ["none"] * 2)
            self.assertNotEqual(results["dkim"].result, "pass")
        else:
            self.assert_refused_at_end(sent, "451 4.7.1")

    def test_the_same_names_are_not_asked_again_for_each_message(self):
        for _ in range(3):
            self.arrived(self.send("a@good.example", finish=signer("good.example")))
        for name in ("good.example", "_dmarc.good.example", "sel._domainkey.good.example"):
            self.assertLessEqual(self.site.faulty_nameserver.asked(name), 2, name)

    def test_questions_leave_from_changing_ports(self):
        used = self.site.faulty_nameserver.source_ports
        before = len(used)
        for n in range(8):
            self.send(f"a@p{n}.good.example")
        used = used[before:]
        self.assertGreaterEqual(len(used), 8)
        # Older versions of c-ares keep a port as long as one of their questions is out; newer ones take one for each, where
        # the daemon may have enough descriptors, and by chance may take one again.
        alone = cares_version() >= 0x011F00 and resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 32768
        self.assertGreaterEqual(len(set(used)), len(used) - 2 if alone else 4)

    def test_ordinary_mail_is_not_slowed_down_beside_many_sessions_that_wait(self):
        self.results(self.send("a@good.example"))
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(self.open(source=SENDER_ADDRESS, tls=False))
            alone = statistics.median(self.seconds_for_a_message(client) for _ in range(20))
            opened = [self.open(source=SENDER_ADDRESS, tls=False) for _ in range(50)]
            waiting = [stack.enter_context(Waiting(session, n)) for n, session in enumerate(opened)]
            threads = threads_of(self.site)
            beside = []
            while len(beside) < 60 and any(session.is_alive() for session in waiting):
                beside.append(self.seconds_for_a_message(client))
        self.assertGreater(len(beside), 5, "nobody waited: nothing is tested")
        # Who waits does so for seconds. Machines differ, so mail is compared with mail.
        self.assertLess(statistics.median(beside), 3 * alone + 0.1)
        self.assertLess(threads, 80)
        for session in waiting:
            self.assertEqual(f"{session.reply}"[:9], "451 4.7.1")

    def test_clients_that_leave_while_dns_is_awaited_harm_nobody(self):
        for _ in range(5):
            with self.open(source=SENDER_ADDRESS, tls=False) as client:
                client.pipeline(["MAIL FROM:<a@silent.example>", f"RCPT TO:<{RECIPIENT}>", "DATA"])
                client.send(message(new_token(), author="a@silent.example") + b".\r\n")
        self.assertEqual(self.results(self.send("a@good.example"))["dmarc"].result, "pass")

    def seconds_for_a_message(self, client) -> float:
        start = time.monotonic()
        self.assertEqual(submit(client, "a@good.example", author="a@good.example").reply.code, 250)
        return time.monotonic() - start


class Waiting(threading.Thread):
    """One message whose names DNS never answers: each has a name of its own, so that nothing is known before."""

    def __init__(self, client, number: int):
        super().__init__(daemon=True)
        self._client, self._domain, self.reply = client, f"n{number}.silent.example", None

    def run(self):
        self.reply = submit(self._client, f"a@{self._domain}", author=f"a@{self._domain}").reply

    def __enter__(self) -> "Waiting":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.join()


class TwoHundred(HostScenario):
    """As many sessions as wait, on the milter itself: Postfix would not have so many processes."""

    connectors = ""
    options = SiteOptions(zone=ZONE, faults={"silent.example": dns_server.silence})

    def session(self, number: int, domain: str) -> MilterClient:
        """Up to the end of the body."""
        mta = MilterClient(self.host.milter, {"i": f"4WAIT{number}"})
        mta.negotiate()
        mta.connect("client.example.org", SENDER_ADDRESS, 20000 + number)
        mta.helo("client.example.org")
        self.begin(mta, domain)
        return mta

    def begin(self, mta: MilterClient, domain: str) -> None:
        mta.mail(f"a@{domain}")
        mta.rcpt(RECIPIENT)
        mta.data()
        mta.header("From", f" a@{domain}")
        mta.end_of_headers()
        mta.body(b"Hello.\r\n")

    def test_ordinary_messages_are_quick_beside_them(self):
        with contextlib.ExitStack() as stack:
            waiting = [stack.enter_context(self.session(n, f"n{n}.silent.example")) for n in range(200)]
            ordinary = stack.enter_context(self.session(1000, "good.example"))
            ordinary.end_of_message()
            for mta in waiting:
                mta.say_end_of_message()
            seconds = [self.seconds_for_a_message(ordinary) for _ in range(200)]
            threads = threads_of(self.host)
            start = time.monotonic()
            replies = [mta.read_outcome().verdict.reply[:9] for mta in waiting]
            self.assertLess(time.monotonic() - start, 10)
        self.assertEqual(set(replies), {"451 4.7.1"})
        self.assertLess(sorted(seconds)[-3], 0.05, f"median {statistics.median(seconds):.4f}, worst {max(seconds):.4f}")
        self.assertLess(threads, 230, "more than one for each session that waits")

    def seconds_for_a_message(self, mta: MilterClient) -> float:
        start = time.monotonic()
        self.begin(mta, "good.example")
        self.assertTrue(mta.end_of_message().verdict.passes)
        return time.monotonic() - start


def threads_of(host: Host) -> int:
    status = Path(f"/proc/{host.connectord.process.pid}/status").read_text()
    return int(re.search(r"^Threads:\s+(\d+)", status, re.MULTILINE).group(1))


class Outage(AuthenticationScenario):
    """The server itself goes away, and comes back."""

    connectors = requiring("partner", "partner.example", 'spf = "pass"')
    options = checked_by("".join(map(domain_zone, (*(f"d{n}.example" for n in range(4)), "partner.example"))))

    def tearDown(self):
        self.site.nameserver.stop()
        self.site.nameserver.start()

    def test_mail_is_deferred_as_long_as_it_is_away_and_accepted_afterwards(self):
        self.site.nameserver.stop()
        start = time.monotonic()
        self.assert_refused_at_end(self.send("a@d1.example"), "451 4.7.1", "d1.example")
        self.assert_refused(self.send("a@partner.example"), "451 4.7.24", "partner", at="END")
        self.assertLess(time.monotonic() - start, 9)
        self.site.nameserver.start()
        self.assertEqual(self.results(self.send("a@d2.example"))["dmarc"].result, "pass")
        # What could not be answered is remembered for some seconds, so that servers in trouble are left alone.
        sent = wait_until(lambda: found if (found := self.send("a@d1.example")).reply.code == 250 else None,
                          "the first domain to be known again", 10)
        self.assertEqual(self.results(sent)["dmarc"].result, "pass")

    def test_what_is_known_already_goes_on(self):
        self.assertEqual(self.results(self.send("a@d3.example"))["dmarc"].result, "pass")
        self.site.nameserver.stop()
        self.assertEqual(self.results(self.send("a@d3.example"))["dmarc"].result, "pass")
