"""A client of the policy service, as Postfix's smtpd is one (SMTPD_POLICY_README)."""

from .network import Connection


class PolicyClient(Connection):
    """One connection, over which any number of requests may go. Use it in a `with` statement."""

    def ask(self, **attributes: str) -> str:
        """Sends one request at the protocol state RCPT, unless asked otherwise, and returns the action."""
        self.send(request(**attributes))
        return self.read_action()

    def read_action(self) -> str:
        """Raises ConnectionError if the service hangs up instead."""
        line = self._stream.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the policy service closed the connection")
        if self._stream.readline() != b"\n":
            raise AssertionError("no empty line after the action")
        name, _, action = line.decode().rstrip("\n").partition("=")
        if name != "action":
            raise AssertionError(f"not an action: {line!r}")
        return action


DEFAULTS = {
    "request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP", "queue_id": "",
    "client_address": "192.0.2.1", "client_name": "unknown", "client_port": "40000", "reverse_client_name": "unknown",
    "server_address": "192.0.2.25", "server_port": "25", "helo_name": "client.example.org",
    "sender": "someone@example.org", "recipient": "user@example.net", "recipient_count": "0", "instance": "1.2.3",
    "sasl_method": "", "sasl_username": "", "sasl_sender": "", "size": "0", "ccert_subject": "", "ccert_issuer": "",
    "ccert_fingerprint": "", "ccert_pubkey_fingerprint": "", "encryption_protocol": "", "encryption_cipher": "",
    "encryption_keysize": "0", "etrn_domain": "", "stress": "", "policy_context": "",
}


def request(**attributes: str) -> bytes:
    """One request with all attributes that Postfix 3.7 sends, some of them changed or added."""
    return "".join(f"{key}={value}\n" for key, value in {**DEFAULTS, **attributes}.items()).encode() + b"\n"
