#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectord/mta/postfix_setup.h"
#include "connectord/tls/certificate.h"

namespace connectord::mta {

// The authorities by which a mail server believes the certificates of servers that it sends to.
struct ClientTrust {
  std::string words;  // where that is said: "smtp_tls_CAfile = /etc/postfix/ca.pem"
  std::vector<tls::Certificate> anchors{};
  bool system = false;    // those of the system too
  std::string problem{};  // why what is said cannot be read; empty: it can
};

// Postfix's smtp_tls_CAfile and smtp_tls_CApath, of which at most 5,000 files are read, and tls_append_default_CA.
ClientTrust client_trust(const PostfixSetup& setup);

// That of the Postfix with its main.cf there; std::nullopt where there is none, or it cannot be read.
std::optional<ClientTrust> client_trust_of(const std::string& folder);

// The folder of main.cf where nobody names one: that of MAIL_CONFIG, as Postfix's own programs take it, or
// /etc/postfix.
std::string usual_postfix_folder();

}  // namespace connectord::mta
