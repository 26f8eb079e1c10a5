#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/ip_address.h"
#include "properties.h"

namespace connectord::exchange {
namespace {

using Json = nlohmann::ordered_json;

// Exchange looks up no MX records of a smart host.
std::optional<std::string> next_hop(std::string_view text) {
  text = base::trimmed(text);
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (!net::IpAddress::parse(text) && !net::normalize_domain(text)) return std::nullopt;
  return "[" + std::string(text) + "]";
}

class Outbound {
 public:
  Outbound(Properties& properties, const std::vector<std::string>& accepted_domains, Json& connector)
      : properties_(properties), accepted_domains_(accepted_domains), connector_(connector) {}

  void run() {
    destinations();
    route();
    protection();
    rest();
  }

 private:
  void destinations() {
    auto domains = read_domains(properties_, "RecipientDomains").domains;
    properties_.taken("RecipientDomains", "recipient_domains");
    const bool accepted = properties_.flag("AllAcceptedDomains");
    if (accepted) {
      domains.insert(domains.end(), accepted_domains_.begin(), accepted_domains_.end());
      if (accepted_domains_.empty()) nothing_is_accepted(domains.empty());
    }
    properties_.taken("AllAcceptedDomains", accepted ? "recipient_domains, as organization.accepted_domains is now"
                                                     : "recipient_domains names the domains");
    const bool by_rule = properties_.flag("IsTransportRuleScoped");
    if (by_rule) connector_["rule_scoped"] = true;
    properties_.taken("IsTransportRuleScoped", by_rule ? "rule_scoped" : "rule_scoped is false where it is left out");
    if (!domains.empty()) connector_["recipient_domains"] = domains;
    if (domains.empty() && !by_rule) properties_.warn("it is for no domain (RecipientDomains is empty)");
    if (std::find(domains.begin(), domains.end(), "*") != domains.end()) {
      properties_.warn("it takes mail for all domains that no other connector names");
    }
  }

  void nothing_is_accepted(bool has_no_other_domain) {
    const std::string remedy =
        "it is for all domains of ours, and this configuration names none: write accepted_domains = [\"example.net\"], "
        "with your domains, into [organization] and import again, or write them here as recipient_domains";
    properties_.by_hand("AllAcceptedDomains", remedy);
    if (has_no_other_domain) properties_.obstruct("AllAcceptedDomains: " + remedy);
  }

  void route() {
    const auto hosts = properties_.list_of("SmartHosts", "a list of hosts and addresses", next_hop);
    const bool by_mx = properties_.flag("UseMXRecord");
    if (!hosts.empty() && !by_mx) connector_["route"] = {{"smart_hosts", hosts}};
    if (by_mx && !hosts.empty()) {
      properties_.left("SmartHosts", "not used, since UseMXRecord is true");
      properties_.warn("UseMXRecord is true, so its SmartHosts are not used");
    }
    properties_.taken("SmartHosts", "route.smart_hosts, in the same order");
    properties_.taken("UseMXRecord",
                      by_mx ? "the recipient domain's MX, without route.smart_hosts" : "route.smart_hosts");
    if (!by_mx && hosts.empty()) properties_.warn("it has neither smart hosts nor UseMXRecord; here mail goes by MX");
  }

  std::string tls_domain() {
    std::string name = properties_.text("TlsDomain");
    if (name.empty() || net::normalize_domain(name.starts_with("*.") ? name.substr(2) : name)) return name;
    properties_.refuse("TlsDomain", "the name in a certificate, mx.contoso.com or *.contoso.com");
    return {};
  }

  void protection() {
    const std::string settings = properties_.text("TlsSettings");
    const std::string name = tls_domain();
    Json tls{{"level", "opportunistic"}};
    if (settings == "EncryptionOnly") {
      tls["level"] = "require";
      properties_.warn("TLS is required, and any certificate will do: whoever sits on the way can read along");
    } else if (settings == "CertificateValidation") {
      tls["level"] = "verify";
    } else if (settings == "DomainValidation" && !name.empty()) {
      tls["level"] = "match";
      tls["match"] = Json::array({name.starts_with("*.") ? name.substr(1) : name});
    } else if (settings == "DomainValidation") {
      tls["level"] = "verify";
      properties_.warn("DomainValidation without TlsDomain: any name of a trusted certificate will do");
    } else if (!settings.empty()) {
      properties_.by_hand("TlsSettings", "not known here; write outbound.tls.level");
    } else if (connector_["scenario"] == "partner") {
      properties_.warn("TLS is not required on the way to a partner");
    }
    properties_.taken("TlsSettings", "tls.level = \"" + tls["level"].get<std::string>() + "\"");
    if (tls.contains("match")) {
      properties_.taken("TlsDomain", "tls.match");
    } else {
      properties_.left("TlsDomain", "only DomainValidation looks at it");
    }
    published(tls);
    connector_["tls"] = std::move(tls);
  }

  // What the destination publishes about its TLS; a level that asks for a certificate counts before it.
  void published(Json& tls) {
    const bool is_mandatory = properties_.text("SmtpDaneMode") == "Mandatory";
    const bool counts = !is_mandatory && (tls["level"] == "opportunistic" || tls["level"] == "require");
    if (is_mandatory) {
      tls["level"] = "dane";
      tls.erase("match");
      properties_.taken("SmtpDaneMode", "tls.level = \"dane\"");
    } else {
      mode_of_published("SmtpDaneMode", "dane", counts, tls);
    }
    mode_of_published("MtaStsMode", "mta_sts", counts, tls);
  }

  void mode_of_published(const char* property, const std::string& key, bool counts, Json& tls) {
    const std::string mode = properties_.text(property);
    if (mode.empty()) return properties_.left(property, "[delivery] decides");
    if (mode == "Opportunistic" && !counts) return properties_.left(property, "tls.level counts before it");
    if (mode != "Opportunistic" && mode != "None") {
      return properties_.by_hand(property, "not known here; write outbound.tls." + key);
    }
    tls[key] = mode == "None" ? "none" : "opportunistic";
    properties_.taken(property, "tls." + key);
  }

  void rest() {
    properties_.by_hand("RouteAllMessagesViaOnPremises",
                        "centralized mail transport: make a connector with recipient_domains = [\"*\"] to your server");
    properties_.left("CloudServicesMailEnabled", "headers between Exchange's organizations have no meaning here");
    properties_.by_hand("SenderRewritingEnabled", "senders are not rewritten; see Postfix and postsrsd");
    const bool test = properties_.flag("TestMode");
    if (test) {
      connector_["enabled"] = false;
      properties_.warn("it is in test mode, so it is written with enabled = false");
    }
    properties_.taken("TestMode", test ? "enabled = false" : "no test mode");
    const auto recipients = properties_.list("ValidationRecipients");
    properties_.left("ValidationRecipients",
                     recipients.empty() ? "it says nothing"
                                        : "try it: connectorctl validate " + connector_["name"].get<std::string>() +
                                              " --rcpt-to " + base::printable(recipients.front()));
  }

  Properties& properties_;
  const std::vector<std::string>& accepted_domains_;
  Json& connector_;
};

}  // namespace

void read_outbound(Properties& properties, const std::vector<std::string>& accepted_domains, Json& connector) {
  Outbound(properties, accepted_domains, connector).run();
}

}  // namespace connectord::exchange
