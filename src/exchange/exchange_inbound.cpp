#include <algorithm>
#include <charconv>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/ip_address.h"
#include "properties.h"

namespace connectord::exchange {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned broadest_ip4 = 16;
constexpr unsigned broadest_ip6 = 32;

// "<I>CN=Some CA, O=…<S>CN=mail.contoso.com, O=…" names issuer and subject; all else is a name.
struct CertificateName {
  std::string subject;
  std::string issuer;
};

// Takes "CN=mail.contoso.com" off a list with commas. A value that has a comma itself stands in quotes.
std::string_view take_attribute(std::string_view& text) {
  text = base::trimmed(text);
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (quoted || text[end] != ','); ++end) {
    if (text[end] == '"') quoted = !quoted;
  }
  const std::string_view attribute = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return attribute;
}

// The CN of a distinguished name as Windows writes it: "CN=mail.contoso.com, O=Contoso". Empty for none.
std::string common_name(std::string_view text) {
  while (!text.empty()) {
    const std::string_view attribute = take_attribute(text);
    const auto equals = attribute.find('=');
    if (!base::equals_ignoring_case(base::trimmed(attribute.substr(0, equals)), "CN")) continue;
    std::string_view value = base::trimmed(attribute.substr(std::min(equals, attribute.size() - 1) + 1));
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
    return value.find_first_of("\"\\") == std::string_view::npos ? std::string(value) : std::string();
  }
  return {};
}

// A subject that is empty: it cannot be read.
CertificateName read_certificate_name(std::string_view text) {
  constexpr std::size_t mark = 3;
  const auto issuer = text.find("<I>");
  const auto subject = text.find("<S>");
  constexpr auto none = std::string_view::npos;
  if (issuer == none && subject == none) return {std::string(base::trimmed(text)), {}};
  if (issuer == none || subject == none || subject < issuer) return {};
  CertificateName name{common_name(text.substr(subject + mark)),
                       common_name(text.substr(issuer + mark, subject - issuer - mark))};
  return name.issuer.empty() ? CertificateName() : name;
}

// The block that an address with a prefix length lies in; Exchange takes it for that.
std::optional<std::string> block_around(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = net::IpAddress::parse(base::trimmed(text.substr(0, slash)));
  const std::string_view digits = base::trimmed(text.substr(slash + 1));
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (!address || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (length > (address->is_v4() ? 32U : 128U)) return std::nullopt;
  const std::string block = net::masked(*address, length).to_string() + "/" + std::to_string(length);
  return net::AddressRange::parse(block) ? std::optional(block) : std::nullopt;
}

std::vector<std::string> read_networks(Properties& properties, std::string_view name) {
  return properties.list_of(name, "a list of addresses, blocks such as 203.0.113.0/24, and ranges",
                            [&](const std::string& item) -> std::optional<std::string> {
                              if (net::AddressRange::parse(item)) return item;
                              auto block = block_around(item);
                              if (block) {
                                properties.warn(std::string(name) + ": " + base::printable(item) + " is written as " +
                                                *block + ", the block that it is in");
                              }
                              return block;
                            });
}

bool is_broad(const std::string& text) {
  const auto range = net::AddressRange::parse(text);
  if (!range) return false;
  const auto prefixes = range->prefixes();
  return std::any_of(prefixes.begin(), prefixes.end(), [](const net::Prefix& prefix) {
    return prefix.length < (prefix.base.is_v4() ? broadest_ip4 : broadest_ip6);
  });
}

class Inbound {
 public:
  Inbound(Properties& properties, Json& connector) : properties_(properties), connector_(connector) {}

  void run() {
    DomainList senders = read_domains(properties_, "SenderDomains");
    domains_ = std::move(senders.domains);
    if (senders.has_costs)
      properties_.warn("costs of SenderDomains are left out: here the most specific domain counts");
    networks_ = read_networks(properties_, "SenderIPAddresses");
    const std::string certificate = properties_.text("TlsSenderCertificateName");
    certificate_ = read_certificate_name(certificate);
    if (!base::trimmed(certificate).empty() && !has_certificate()) {
      properties_.refuse("TlsSenderCertificateName",
                         "the name of a certificate, or <I>CN=… and <S>CN=… with its issuer and subject");
    }
    by_address_ = properties_.flag("RestrictDomainsToIPAddresses");
    by_certificate_ = properties_.flag("RestrictDomainsToCertificate");
    is_partner_ = connector_["scenario"] == "partner";
    identify();
    require();
    enhanced_filtering();
    rest();
    judge();
  }

 private:
  bool has_domains() const { return !domains_.empty() && !all_domains(); }
  bool all_domains() const { return std::find(domains_.begin(), domains_.end(), "*") != domains_.end(); }
  bool has_certificate() const { return !certificate_.subject.empty(); }

  Json certificate() const {
    Json object{{"subject", certificate_.subject}};
    if (!certificate_.issuer.empty()) object["issuer"] = certificate_.issuer;
    return object;
  }

  // A partner's restriction makes its domains the source, and what it restricts them to a requirement. Without one, and
  // for servers of ours, addresses and certificate are what mail is known by.
  void identify() {
    Json& identify = connector_["identify"] = Json::object();
    const bool restricted = is_partner_ && (by_address_ || by_certificate_);
    if (restricted || (networks_.empty() && !has_certificate())) {
      identify["sender_domains"] = domains_;
      properties_.taken("SenderDomains", "identify.sender_domains");
      return;
    }
    if (!networks_.empty()) {
      identify["client_networks"] = networks_;
      properties_.taken("SenderIPAddresses", "identify.client_networks");
    }
    if (has_certificate()) {
      identify["certificate"] = certificate();
      properties_.taken("TlsSenderCertificateName", "identify.certificate");
    }
    if (has_domains()) {
      properties_.by_hand("SenderDomains",
                          "left out: here any one part of identify is enough, so with sender_domains the requirements "
                          "would hold for all mail of these domains, also from elsewhere. Add them to have that");
    } else {
      properties_.left("SenderDomains", "all domains, which is what identify by address or certificate means");
    }
  }

  void require() {
    Json require = Json::object();
    const bool tls = properties_.flag("RequireTls");
    if (tls) require["tls"] = true;
    properties_.taken("RequireTls", tls ? "require.tls" : "require.tls is false where it is left out");
    if (is_partner_ && by_address_) {
      // What could not be taken has its connector disabled; an empty list is a mistake, also in Exchange.
      const bool is_missing = networks_.empty() && properties_.is_refused("SenderIPAddresses");
      if (!is_missing) require["client_networks"] = networks_;
      properties_.taken("SenderIPAddresses", "require.client_networks");
    }
    if (is_partner_ && by_certificate_ && has_certificate()) {
      require["tls"] = true;
      require["certificate"] = certificate();
      properties_.taken("TlsSenderCertificateName", "require.certificate");
    }
    if (!require.empty()) connector_["require"] = std::move(require);
    restriction("RestrictDomainsToIPAddresses", by_address_, "require.client_networks");
    restriction("RestrictDomainsToCertificate", by_certificate_, "require.certificate");
    if (!networks_.empty() && is_partner_ && by_certificate_ && !by_address_) {
      properties_.left("SenderIPAddresses", "Exchange takes the certificate, where it restricts to one");
    }
    if (has_certificate() && is_partner_ && by_address_ && !by_certificate_) {
      properties_.left("TlsSenderCertificateName", "Exchange restricts to the addresses");
    }
  }

  void restriction(std::string_view name, bool set, const std::string& key) {
    if (!set) return properties_.taken(name, "no restriction, and " + key + " is left out");
    if (is_partner_) return properties_.taken(name, key);
    properties_.left(name, "Exchange restricts partners only");
  }

  // Exchange heeds EFSkipIPs only where EFSkipLastIP is false, so with both more hosts would be believed.
  void enhanced_filtering() {
    const bool last = properties_.flag("EFSkipLastIP");
    if (last) properties_.left("EFSkipIPs", "Exchange does not heed it where EFSkipLastIP is true");
    const auto networks = last ? std::vector<std::string>() : read_networks(properties_, "EFSkipIPs");
    const auto users = properties_.list_of(
        "EFUsers", "a list of mail addresses", [](const std::string& item) -> std::optional<std::string> {
          const auto at = item.rfind('@');
          const bool good = at != std::string::npos && at > 0 && net::normalize_domain(item.substr(at + 1)).has_value();
          return good ? std::optional(item) : std::nullopt;
        });
    if (last || !networks.empty()) {
      Json filtering{{"skip_last", last}};
      if (!networks.empty()) filtering["skip_networks"] = networks;
      if (!users.empty()) filtering["recipients"] = users;
      connector_["enhanced_filtering"] = std::move(filtering);
    }
    properties_.taken("EFSkipLastIP", "enhanced_filtering.skip_last");
    properties_.taken("EFSkipIPs", "enhanced_filtering.skip_networks");
    properties_.taken("EFUsers", "enhanced_filtering.recipients");
    properties_.by_hand("EFTestMode", "skip listing has no test mode; try it on recipients of your own first");
    properties_.by_hand("EFSkipMailGateway", "name the gateways in enhanced_filtering.skip_networks");
  }

  void rest() {
    properties_.by_hand("TreatMessagesAsInternal",
                        "nothing is let through for being internal; trusted_path = true takes over a partner's "
                        "requirements, and scenario = \"on-premises\" has mail signed");
    properties_.left("CloudServicesMailEnabled", "headers between Exchange's organizations have no meaning here");
    properties_.by_hand("AssociatedAcceptedDomains",
                        "a connector cannot be limited to some of our own domains; see organization.accepted_domains");
    properties_.by_hand("TrustedOrganizations",
                        "an organization of Microsoft 365 is known by its certificate or addresses");
    properties_.by_hand("ScanAndDropRecipients", "connectord drops nothing; let the mail server discard it");
    properties_.by_hand("ClientHostNames", "names of clients are not believed; write their addresses");
  }

  void judge() {
    const bool identified_by_all = connector_["identify"].contains("sender_domains") && all_domains();
    if (identified_by_all && !by_address_ && !by_certificate_) {
      properties_.warn(
          "it takes mail of all senders, from everywhere: every message that no other connector has is its");
    }
    if (is_partner_ && !properties_.flag("RequireTls") && !by_certificate_) {
      properties_.warn("TLS is not required of a partner");
    }
    if (is_partner_ && !by_address_ && !by_certificate_) {
      properties_.warn("nothing restricts the partner's domains: anybody can send with such a sender");
    }
    if (!is_partner_ && !has_certificate() && !networks_.empty() && !properties_.flag("RequireTls")) {
      properties_.warn("a server of ours is known by its address alone, without TLS");
    }
    for (const std::string& network : networks_) {
      if (is_broad(network)) {
        properties_.warn(network + " holds the addresses of very many; whoever gets one of a large cloud's is in it");
      }
    }
    if (by_certificate_ && !has_certificate()) {
      properties_.warn("it restricts to a certificate and names none (TlsSenderCertificateName)");
    }
    if (by_address_ && networks_.empty())
      properties_.warn("it restricts to addresses and names none (SenderIPAddresses)");
  }

  Properties& properties_;
  Json& connector_;
  std::vector<std::string> domains_;
  std::vector<std::string> networks_;
  CertificateName certificate_;
  bool by_address_ = false;
  bool by_certificate_ = false;
  bool is_partner_ = false;
};

}  // namespace

void read_inbound(Properties& properties, Json& connector) {
  Inbound(properties, connector).run();
}

}  // namespace connectord::exchange
