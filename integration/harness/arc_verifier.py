"""A second verifier of ARC chains that others than we have made, independent of dkimpy: Perl's Mail::DKIM."""

import subprocess

# Asks the DNS server of the scenario alone. Prints the result for the chain, and what it is of.
SCRIPT = r"""
use strict; use warnings;
use Mail::DKIM::ARC::Verifier; use Mail::DKIM::DNS; use Net::DNS;
my ($host, $port) = @ARGV;
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => [$host], port => $port, recurse => 0));
my $arc = Mail::DKIM::ARC::Verifier->new();
binmode STDIN;
while (<STDIN>) { $arc->PRINT($_) }
$arc->CLOSE();
print $arc->result(), "\n", $arc->result_detail(), "\n";
"""


def verify_chain(content: bytes, nameserver: str) -> tuple[str, str]:
    """The result ("pass", "fail", "none", "invalid") and its reason, of a message with CRLF line ends; `nameserver` is
    HOST:PORT."""
    host, _, port = nameserver.rpartition(":")
    done = subprocess.run(["perl", "-e", SCRIPT, host, port], input=content, capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    result, _, detail = done.stdout.decode(errors="replace").partition("\n")
    return result, detail.strip()
