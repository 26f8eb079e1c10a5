"""The filters that others use for DKIM and DMARC, run privately, with the DNS server of the measurement."""

from pathlib import Path

from harness.workspace import Workspace

from .programs import Filter, endpoint, libmilter_address, start_filter

OPENDKIM = """Mode v
Socket {socket}
Nameservers {dns}
AuthservID mx.example.net
AlwaysAddARHeader yes
Syslog no
"""
OPENDMARC = """Socket {socket}
AuthservID mx.example.net
TrustedAuthservIDs mx.example.net
SPFIgnoreResults true
SPFSelfValidate true
PublicSuffixList /usr/share/publicsuffix/public_suffix_list.dat
Syslog false
"""
# What opendkim adds, which opendmarc reads.
DKIM_RESULT = ("Authentication-Results: mx.example.net;\r\n\tdkim=pass (2048-bit key, unprotected) "
               "header.d={domain} header.i=@{domain} header.a=rsa-sha256 header.s=sel\r\n")


def start_opendkim(workspace: Workspace, dns: str) -> Filter:
    where = endpoint(workspace, "unix", "opendkim")
    file = workspace.path / "opendkim.conf"
    file.write_text(OPENDKIM.format(socket=libmilter_address(where), dns=dns))
    return start_filter(workspace, ["opendkim", "-f", "-x", str(file)], where, "opendkim")


def start_opendmarc(workspace: Workspace, dns: str) -> Filter:
    """It knows no DNS server but the system's, so it gets a resolv.conf of its own in a mount namespace."""
    where = endpoint(workspace, "unix", "opendmarc")
    file, resolv_conf = workspace.path / "opendmarc.conf", workspace.path / "resolv.conf"
    file.write_text(OPENDMARC.format(socket=libmilter_address(where)))
    resolv_conf.write_text(f"nameserver {dns}\n")
    script = 'mount --bind "$1" "$(readlink -f /etc/resolv.conf)" && exec opendmarc -f -c "$2"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", str(resolv_conf), str(file)]
    return start_filter(workspace, command, where, "opendmarc")


def after_opendkim(message: Path, domain: str) -> Path:
    """The message as opendmarc sees it where opendkim stands before it."""
    seen = message.with_name(f"{message.stem}-after-opendkim.eml")
    seen.write_bytes(DKIM_RESULT.format(domain=domain).encode() + message.read_bytes())
    return seen
