#include "inbound_checklist.h"

#include <string_view>

namespace connectord::probe {
namespace {

template <class Patterns>
std::string any_of(const Patterns& patterns) {
  std::string text;
  for (const auto& each : patterns) text += (text.empty() ? "" : ", ") + each.to_string();
  return text;
}

class Checklist {
 public:
  explicit Checklist(StepLog& steps) : steps_(steps) {}

  void add(std::string_view check, std::string expected, std::string hint = {}) {
    steps_.add({.check = std::string(check),
                .outcome = model::Outcome::not_applicable,
                .expected = std::move(expected),
                .hint = std::move(hint)});
  }

  void identify(const model::Identify& identify) {
    if (!identify.sender_domains.empty()) {
      add(model::check::identify_sender_domains, "MAIL FROM of " + any_of(identify.sender_domains),
          "any one of `identify` will do");
    }
    if (!identify.client_networks.empty()) {
      add(model::check::identify_client_networks, "the client's address is in " + any_of(identify.client_networks));
    }
    if (identify.certificate) {
      add(model::check::identify_certificate, "over TLS, a certificate of " + to_string(*identify.certificate));
    }
  }

  void require(const model::Require& require) {
    if (require.tls) add(model::check::require_tls, "the message comes over TLS");
    if (require.tls_version != model::TlsVersion::none) {
      add(model::check::require_tls_version, std::string(to_string(require.tls_version)) + " or later");
    }
    if (!require.client_networks.empty()) {
      add(model::check::require_client_networks, "the client's address is in " + any_of(require.client_networks));
    }
    if (require.certificate) {
      add(model::check::require_certificate, "a certificate of " + to_string(*require.certificate),
          "names count only if the mail server trusts the certificate (Postfix: smtpd_tls_CAfile; Sendmail: "
          "confCACERT)");
    }
    result(model::check::require_spf, require.spf, "SPF passes");
    result(model::check::require_dkim, require.dkim,
           require.dkim == model::Requirement::aligned ? "a valid DKIM signature of the domain in From"
                                                       : "a valid DKIM signature");
    result(model::check::require_dmarc, require.dmarc, "DMARC passes");
  }

 private:
  void result(std::string_view check, model::Requirement requirement, std::string_view words) {
    if (requirement == model::Requirement::none) return;
    add(check, std::string(words), "decided at the end of a message; see: connectorctl explain --message FILE");
  }

  StepLog& steps_;
};

}  // namespace

void report_checklist(const model::InboundConnector& connector, StepLog& steps) {
  Checklist list(steps);
  list.identify(connector.identify);
  list.require(connector.require);
  if (connector.mode == model::Mode::audit)
    list.add(model::check::mode, "audit: what fails is recorded, and nothing is refused");
}

}  // namespace connectord::probe
