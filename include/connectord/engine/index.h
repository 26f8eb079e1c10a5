#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/mail/skip_listing.h"
#include "connectord/model/configuration.h"
#include "connectord/model/facts.h"
#include "connectord/net/address_set.h"

// How a decision finds the connectors that a fact identifies without looking at all of them: by the labels of a domain,
// by the prefix lengths in use, by fingerprint and certificate name. Built once, then read only and thread-safe.
namespace connectord::engine {

using ConnectorNumber = std::uint32_t;

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

template <class Value>
using StringMap = boost::unordered_flat_map<std::string, Value, StringHash, std::equal_to<>>;

// Nearly every key belongs to one connector.
using Connectors = boost::container::small_vector<ConnectorNumber, 1>;

template <class Visit>
void visit_text(const StringMap<Connectors>& map, std::string_view text, Visit& visit) {
  if (text.empty() || map.empty()) return;
  if (const auto found = map.find(text); found != map.end()) {
    for (const ConnectorNumber connector : found->second) visit(connector);
  }
}

// How specific a domain pattern is, among those that match one domain: "*", then wildcards by length, then exact.
unsigned specificity(const net::DomainPattern& pattern);

// Domain patterns. Calls back with a connector and how specific its pattern is, from the most specific to the least.
class DomainIndex {
 public:
  static constexpr unsigned exact_specificity = 1000;  // no name is as long

  void add(const net::DomainPattern& pattern, ConnectorNumber connector);

  template <class Visit>
  void visit(std::string_view domain, Visit&& visit) const {
    visit_key(exact_, domain, exact_specificity, visit);
    if (!subtree_.empty()) {
      for (std::string_view name = domain; !name.empty(); name = net::parent_domain(name)) {
        visit_key(subtree_, name, static_cast<unsigned>(name.size()), visit);
      }
    }
    for (const ConnectorNumber connector : any_) visit(connector, 0U);
  }

  // True if any pattern does.
  bool matches(std::string_view domain) const {
    bool found = false;
    visit(domain, [&found](ConnectorNumber, unsigned) { found = true; });
    return found;
  }

 private:
  template <class Visit>
  static void visit_key(const StringMap<Connectors>& map, std::string_view key, unsigned specificity, Visit& visit) {
    if (const auto found = map.find(key); found != map.end()) {
      for (const ConnectorNumber connector : found->second) visit(connector, specificity);
    }
  }

  StringMap<Connectors> exact_;
  StringMap<Connectors> subtree_;
  Connectors any_;
};

// Address ranges, as the blocks they consist of. Calls back with a connector and which of its ranges it was, in no
// particular order, since a range is as specific as it is small, however its blocks fall.
class NetworkIndex {
 public:
  void add(const net::AddressRange& range, ConnectorNumber connector, std::uint32_t range_number);

  template <class Visit>
  void visit(const net::IpAddress& address, Visit&& visit) const {
    const Family& family = address.is_v4() ? v4_ : v6_;
    for (const unsigned length : family.lengths) {
      const auto found = family.blocks.find(Key{net::masked(address, length), length});
      if (found == family.blocks.end()) continue;
      for (const Owner& owner : found->second) visit(owner.connector, owner.range_number);
    }
  }

 private:
  struct Owner {
    ConnectorNumber connector = 0;
    std::uint32_t range_number = 0;
  };
  struct Key {
    net::IpAddress base;
    unsigned length = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<net::IpAddress>{}(key.base) ^ (key.length * 0x9e3779b97f4a7c15ULL);
    }
  };
  struct Family {
    std::vector<unsigned> lengths;  // in use
    boost::unordered_flat_map<Key, boost::container::small_vector<Owner, 1>, KeyHash> blocks;
  };

  Family v4_;
  Family v6_;
};

// Certificate patterns under a name that they have: the subject, or the issuer where there is none. What is called back
// with must still be compared as a whole.
class CertificateNameIndex {
 public:
  void add(const model::CertificatePattern& pattern, ConnectorNumber connector);

  template <class Visit>
  void visit(const model::ClientCertificate& certificate, Visit&& visit) const {
    if (const auto name = net::normalize_domain(certificate.subject_common_name)) {
      common_names_.visit(*name, [&visit](ConnectorNumber connector, unsigned) { visit(connector); });
    }
    visit_text(subjects_, certificate.subject_common_name, visit);
    visit_text(subjects_, certificate.subject_name, visit);
    visit_text(issuers_, certificate.issuer_common_name, visit);
    visit_text(issuers_, certificate.issuer_name, visit);
  }

 private:
  DomainIndex common_names_;
  StringMap<Connectors> subjects_;
  StringMap<Connectors> issuers_;
};

// Certificate patterns, each under the part of it that fewest certificates have. What is called back with must still be
// compared as a whole.
class CertificateIndex {
 public:
  // `enforced`: what the connector requires is not only recorded.
  void add(const model::CertificatePattern& pattern, ConnectorNumber connector, bool enforced);

  template <class Visit>
  void visit(const model::ClientCertificate& certificate, Visit&& visit) const {
    visit_fingerprint(certificate.sha256, model::Fingerprint::Of::certificate, visit);
    visit_fingerprint(certificate.public_key_sha256, model::Fingerprint::Of::public_key, visit);
    names_.visit(certificate, visit);
  }

  // A connector that a fingerprint of this kind may identify, which is not known: the first that passes the test, of
  // the enforced ones whose patterns have no name, or one that the certificate has. std::nullopt if none does.
  template <class Test>
  std::optional<ConnectorNumber> find_by_unknown(model::Fingerprint::Of of, const model::ClientCertificate& certificate,
                                                 Test&& test) const {
    const Fingerprinted& patterns = fingerprinted_[static_cast<std::size_t>(of)];
    for (const ConnectorNumber connector : patterns.nameless) {
      if (test(connector)) return connector;
    }
    std::optional<ConnectorNumber> found;
    patterns.named.visit(certificate, [&](ConnectorNumber connector) {
      if ((!found || connector < *found) && test(connector)) found = connector;
    });
    return found;
  }

 private:
  // The enforced connectors whose patterns have fingerprints of one kind.
  struct Fingerprinted {
    std::vector<ConnectorNumber> nameless;
    CertificateNameIndex named;
  };

  template <class Visit>
  void visit_fingerprint(const std::optional<std::string>& hex, model::Fingerprint::Of of, Visit& visit) const {
    if (hex && !hex->empty()) visit_text(fingerprints_[static_cast<std::size_t>(of)], *hex, visit);
  }
  void add_unknown(const model::CertificatePattern& pattern, ConnectorNumber connector, model::Fingerprint::Of of);

  std::array<StringMap<Connectors>, 2> fingerprints_;
  std::array<Fingerprinted, 2> fingerprinted_;
  CertificateNameIndex names_;
};

// The lists of one inbound connector that are looked up for a message, however long they are.
struct ConnectorLists {
  net::AddressSet required_networks;
  mail::SkipRules skip_rules;                            // of its enhanced filtering
  boost::unordered_flat_set<std::string> pilot_group{};  // in lower case; empty for everybody
};

// The enabled connectors of one configuration, and what it says of domains.
class Index {
 public:
  explicit Index(const model::Configuration& configuration);

  const DomainIndex& sender_domains() const { return sender_domains_; }
  const NetworkIndex& client_networks() const { return client_networks_; }
  const CertificateIndex& certificates() const { return certificates_; }
  // By the domain in From; the numbers are those of the configuration's signing.
  const DomainIndex& signing() const { return signing_; }
  // Our own domains; the numbers count organization.accepted_domains.
  const DomainIndex& accepted_domains() const { return accepted_domains_; }
  // The numbers count authentication.arc_trusted_sealers.
  const DomainIndex& trusted_sealers() const { return trusted_sealers_; }
  // Of the enabled connector of that name; nullptr where it has no such lists.
  const ConnectorLists* lists_of(std::string_view name) const {
    const auto found = lists_.find(name);
    return found == lists_.end() ? nullptr : &found->second;
  }
  // True if a connector identifies by fingerprints of certificates, or requires one.
  bool uses_fingerprints() const { return uses_fingerprints_; }
  // True if an enforced partner connector names sender domains other than "*".
  bool has_named_partners() const { return has_named_partners_; }
  std::optional<ConnectorNumber> named(std::string_view name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  void add(const model::InboundConnector& connector, ConnectorNumber number);

  StringMap<ConnectorNumber> names_;
  DomainIndex sender_domains_;
  NetworkIndex client_networks_;
  CertificateIndex certificates_;
  DomainIndex signing_;
  DomainIndex accepted_domains_;
  DomainIndex trusted_sealers_;
  StringMap<ConnectorLists> lists_;
  bool has_named_partners_ = false;
  bool uses_fingerprints_ = false;
};

}  // namespace connectord::engine
