"""The queue that the API shows, under the unit as it is shipped: what is lacking is reported, with what mends it."""

import json
import unittest

from harness.machine import Machine

ASK = ('curl --silent --write-out " %{http_code}" --unix-socket /run/connectord/api.sock '
       '--header "Authorization: Bearer $(cat token)" http://localhost/api/exchange/queue')


class ShippedUnit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = cls.enterClassContext(Machine("contoso.com. IN MX 10 mail.contoso.com.\n"))

    def run_well(self, command: str) -> str:
        said = self.machine.run(command)
        self.assertEqual(said.status, 0, said.text)
        return said.text

    def ask(self) -> tuple[int, dict]:
        body, code = self.run_well(ASK).rsplit(" ", 1)
        return int(code), json.loads(body)

    def test_what_keeps_it_from_asking_postfix_is_told_and_mended(self):
        self.run_well("systemctl start connectord && connectorctl token add console --role read >token")
        code, problem = self.ask()
        self.assertEqual(code, 503, problem)
        advice = "adduser connectord postdrop && systemctl restart connectord"
        self.assertIn("the mail server's queue cannot be looked at", problem["detail"])
        self.assertIn(advice, problem["detail"])
        self.run_well(advice)
        code, queue = self.ask()
        self.assertEqual((code, queue.get("next_hops")), (200, []), queue)
