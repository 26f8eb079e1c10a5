"""Who may use the API, and what those may do to it who may not."""

import contextlib
import os
import ssl
import stat
import subprocess
import sys
import time

from api_scenario import FABRIKAM, ApiHost, ApiScenario, server_lines
from harness.api import CONNECTORS, ApiClient
from harness.certificates import CertificateStore
from harness.network import connect, free_port
from harness.site import Host, SiteOptions
from scenario import CONTOSO

MAY = {  # the roles that may, least first
    ("GET", CONNECTORS): "read",
    ("GET", "/metrics"): "read",
    ("GET", "/api/exchange/messagetrace"): "read",
    ("POST", "/api/exchange/explain"): "read",
    ("POST", "/api/exchange/backtest"): "read",
    ("GET", "/api/exchange/audit"): "read",
    ("POST", "/api/session"): "read",
    ("PUT", f"{CONNECTORS}/contoso/status"): "operate",
    ("POST", f"{CONNECTORS}/contoso/validate"): "operate",
    ("POST", CONNECTORS): "admin",
    ("POST", f"{CONNECTORS}/check"): "admin",
    ("GET", "/api/sessions"): "admin",
    ("GET", "/api/tokens"): "admin",
    ("PUT", f"{CONNECTORS}/contoso"): "admin",
    ("DELETE", f"{CONNECTORS}/contoso"): "admin",
}
ROLES = ["read", "operate", "admin"]


class Tcp(ApiScenario):
    """On the loopback interface, where everybody needs a token."""

    @classmethod
    def setUpClass(cls):
        cls.listener = f"inet:127.0.0.1:{free_port()}"
        super().setUpClass()

    def test_each_role_may_do_what_is_its_own_and_no_more(self):
        for (method, path), least in MAY.items():
            for role in (None, *ROLES):
                with self.subTest(method=method, path=path, role=role):
                    answer = self.site.client(role).request(method, path)
                    if role is None:
                        self.assert_problem(answer, 401, "connectorctl token add")
                        self.assertIn("Bearer", answer.headers["www-authenticate"])
                    elif ROLES.index(role) < ROLES.index(least):
                        self.assert_problem(answer, 403, least)
                    else:
                        self.assertNotIn(answer.status, (401, 403), str(answer))

    def test_health_tells_strangers_only_that_it_lives(self):
        self.assertEqual(self.site.client(None).get("/health").json, {"status": "ok"})
        reported = self.site.client("read").get("/health").json
        self.assertEqual((reported["status"], reported["configuration"]["file"]),
                         ("ok", str(self.host.connectord.config_file)))

    def test_a_token_is_shown_once_and_stands_nowhere(self):
        made = self.site.ctl("token", "add", "once", "--role", "read")
        token = made.stdout.removesuffix("\n")
        self.assertRegex(token, r"^connectord_[0-9a-f]{64}$")
        self.assertEqual(made.stderr, "")
        listed = self.site.ctl("token", "list").stdout
        self.assertIn("once", listed)
        content = self.site.token_file.read_text()
        for text in (listed, content, self.host.connectord.log(), self.site.audit_log.read_text()):
            self.assertNotIn(token, text)
        self.assertEqual(stat.S_IMODE(self.site.token_file.stat().st_mode), 0o600)
        self.assertNotEqual(self.site.ctl("token", "add", "once", "--role", "read").status, 0)
        self.assertNotEqual(self.site.ctl("token", "add", "a b", "--role", "read").status, 0)

    def test_tokens_come_and_go_without_a_restart(self):
        client = self.site.client()
        client.token = self.site.new_token("fleeting", "read")
        self.assertEqual(client.get(CONNECTORS).status, 200)
        self.assertEqual(self.site.ctl("token", "remove", "fleeting").status, 0)
        self.assert_problem(client.get(CONNECTORS), 401)

    def test_a_token_file_that_others_may_read_lets_nobody_in(self):
        self.site.token_file.chmod(0o644)
        try:
            self.assert_problem(self.api.get(CONNECTORS), 401)
            self.host.connectord.wait_for_log("the token file cannot be used.*others may use the file")
        finally:
            self.site.token_file.chmod(0o600)
        self.assertEqual(self.api.get(CONNECTORS).status, 200)

    def test_wrong_tokens_are_limited_and_right_ones_still_pass(self):
        client = self.site.client()
        client.token = "connectord_" + "0" * 64
        statuses = [client.get(CONNECTORS).status for _ in range(15)]
        self.assertEqual(statuses[-1], 429)
        self.assertIn("retry-after", client.answers[-1][2].headers)
        self.assertEqual(self.api.get(CONNECTORS).status, 200)

    def test_what_a_browser_sends_by_itself_changes_nothing(self):
        for media in ("text/plain", "application/x-www-form-urlencoded", ""):
            answer = self.api.request("POST", CONNECTORS, FABRIKAM, headers={"Content-Type": media})
            self.assert_problem(answer, 415, "application/json")
        answer = self.api.request("OPTIONS", CONNECTORS, headers={"Origin": "https://evil.example"})
        self.assert_problem(answer, 403, "another site")
        self.assertEqual([name for name in answer.headers if name.startswith("access-control")], [])

    def test_bytes_that_are_no_request_get_an_answer_and_the_connection_ends(self):
        for data, status in ((b"\x16\x03\x01\x02\x00\x01\x00", b"400"), (b"GET\r\n\r\n", b"400"),
                             (b"GET / HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n", b"431"),
                             (b"POST /api/exchange/connectors HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n",
                              b"413"),
                             (b"GET /health HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", b"400"),
                             (b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                              b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400")):
            with self.subTest(data[:60]):
                self.assertEqual(self.api.raw(data).split(b" ")[1], status)

    def test_slow_and_silent_clients_hold_nobody_up(self):
        with contextlib.ExitStack() as stack:
            for n in range(50):
                sock = stack.enter_context(connect(self.api.endpoint))
                sock.sendall(b"GET /health HTT"[:n % 15])
            start = time.monotonic()
            for _ in range(20):
                self.assertEqual(self.api.get(CONNECTORS).status, 200)
            self.assertLess(time.monotonic() - start, 5)

    def test_who_opens_more_connections_than_it_takes_shuts_nobody_out(self):
        with contextlib.ExitStack() as stack:
            for _ in range(500):
                stack.enter_context(connect(self.api.endpoint)).sendall(b"G")
            for _ in range(5):
                self.assertEqual(self.api.get(CONNECTORS).status, 200)
            self.host.connectord.wait_for_log("too many connections")
        self.assertEqual(self.api.get(CONNECTORS).status, 200)

    def test_an_address_that_takes_all_it_can_leaves_the_rest_to_others(self):
        patient = self.enterContext(connect(self.api.endpoint))
        with contextlib.ExitStack() as stack:
            for _ in range(90):
                stack.enter_context(connect(self.api.endpoint)).sendall(b"G")
            patient.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertIn(b" 200 ", patient.recv(4096))

    def test_a_request_whose_end_could_be_read_in_two_ways_ends_the_connection(self):
        hidden = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        for fields in (b"Transfer-Encoding: xchunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity",
                       b"Content-Length: 0\r\nTransfer-Encoding: xchunked", b"Content-Length: 0, 0",
                       b"Content-Length: 0\r\nContent-Length: 0"):
            with self.subTest(fields):
                answer = self.api.raw(b"POST /health HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n\r\n" + hidden)
                self.assertEqual(answer.split(b" ")[1], b"400", answer)
                self.assertNotIn(b" 200 ", answer)
                self.assertEqual(answer.count(b"HTTP/1.1 4"), 1, answer)


class UnixSocket(ApiScenario):
    """Root needs no token; everybody else does, whoever may reach the socket."""

    def test_root_may_do_everything_without_a_token(self):
        client = self.site.client(None)
        self.assertEqual(client.create(FABRIKAM).status, 201)
        self.assertEqual(client.delete("fabrikam", "*").status, 204)

    def test_another_user_who_holds_all_connections_open_keeps_nobody_out(self):
        socket_file = self.api.endpoint.removeprefix("unix:")
        program = (f"import contextlib, sys\nsys.path[:0] = {sys.path!r}\nfrom api_scenario import become_nobody\n"
                   f"from harness.network import connect\nbecome_nobody()\n"
                   f"held = [connect('unix:{socket_file}') for _ in range(300)]\n"
                   f"for each in held:\n    with contextlib.suppress(OSError):\n        each.send(b'G', 0x4000)\n"
                   f"print('held', flush=True)\nsys.stdin.read()")
        os.chmod(socket_file, 0o666)
        root = self.enterContext(connect(self.api.endpoint))
        with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stranger:
            self.assertEqual(stranger.stdout.readline(), b"held\n")
            self.assertEqual(self.site.client(None).get(CONNECTORS).status, 200)
            root.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertIn(b" 200 ", root.recv(4096), "root's connection is not the one that gives way")
            stranger.stdin.close()
        self.host.connectord.wait_for_log("too many connections.*user")

    def test_another_user_needs_a_token(self):
        socket_file = self.api.endpoint.removeprefix("unix:")
        program = (f"import os, sys, pwd\nsys.path[:0] = {sys.path!r}\nfrom api_scenario import become_nobody\n"
                   f"from harness.api import ApiClient\nbecome_nobody()\n"
                   f"for token in (None, {self.site.tokens['read']!r}):\n"
                   f"    print(ApiClient('unix:{socket_file}', token).get('{CONNECTORS}').status)")
        os.chmod(socket_file, 0o666)
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        self.assertEqual(result.stdout.split(), ["401", "200"], result.stderr)


class Tls(ApiScenario):
    def test_over_tls_it_is_the_same_and_in_the_clear_it_is_not_there(self):
        with contextlib.ExitStack() as stack:
            host = Host(CONTOSO, SiteOptions(launch=False))
            stack.callback(host.stack.close)
            store = CertificateStore(host.path / "certificates")
            certificate = store.self_signed("api", "localhost")
            os.chmod(certificate.key, 0o600)
            host.let_read(certificate.key)
            endpoint = f"inet:127.0.0.1:{free_port()}"
            lines = server_lines(host.path, endpoint)
            lines += f'\napi_certificate = "{certificate.file}"\napi_key = "{certificate.key}"'
            text = host.connectord.config_file.read_text()
            host.connectord.write_configuration(text.replace("[server]\n", f"[server]\n{lines}\n"))
            stack.enter_context(host)
            site = ApiHost(host)
            tls = ssl.create_default_context(cafile=str(certificate.file))
            tls.check_hostname = False
            client = ApiClient(endpoint, site.tokens["admin"], tls)
            self.assertEqual(client.create(FABRIKAM).status, 201)
            self.assertNotIn(b" 200 ", ApiClient(endpoint).raw(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"))
            old = ssl.create_default_context(cafile=str(certificate.file))
            old.check_hostname = False
            old.maximum_version = ssl.TLSVersion.TLSv1_1
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                ApiClient(endpoint, None, old).get("/health")
            token_file = host.path / "token"
            token_file.write_text(site.tokens["operate"] + "\n")
            made = site.ctl("disable", "fabrikam", "--token-file", token_file, "--ca-file", certificate.file)
            self.assertEqual(made.status, 1, "the certificate is for localhost, not for 127.0.0.1")
            made = site.ctl("disable", "fabrikam", "--token-file", token_file, "--ca-file", certificate.file,
                            "--api", f"https://localhost:{endpoint.rpartition(':')[2]}")
            self.assertEqual(made.status, 0, made.stderr)
            self.assertEqual(client.connector("fabrikam").json["enabled"], False)
