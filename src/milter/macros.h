#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "connectord/model/facts.h"

namespace connectord::milter {

// The value of an MTA's macro, such as "{tls_version}"; nullptr where the MTA did not send it.
using MacroLookup = std::function<const char*(const char* name)>;

// What a stage's macros say of TLS.
struct TlsReport {
  std::optional<model::Tls> tls;
  model::ClientCertificate certificate;
};

// Reads the TLS macros of Postfix (common names, of trusted certificates only; MILTER_README) and of Sendmail (whole
// names, xtext, with {verify} saying whether to believe them; op.me, "{cert_subject}").
TlsReport read_tls_macros(const MacroLookup& macro);

// True for the name of a delivery agent ({rcpt_mailer}) that brings mail to a mailbox or nowhere, and never to another
// host: what Postfix's master.cf and Sendmail's mailers call so. Of others it cannot be known by the name.
bool is_delivered_here(std::string_view mailer);

// Who has authenticated by a name and password, or the like; empty if nobody has. Sendmail offers AUTH EXTERNAL to
// every client whose certificate it trusts: that proves no more than the certificate does, and a trusted certificate by
// itself grants nothing. So it makes nobody a user of ours.
std::string_view read_sasl_username(const MacroLookup& macro);

// The mail server's name and version by the macro v: "Postfix 3.7.11" as it says; Sendmail says its version only.
std::string mail_server_name(std::string_view v);

}  // namespace connectord::milter
