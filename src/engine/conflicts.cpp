#include "conflicts.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "connectord/engine/certificate.h"
#include "connectord/engine/index.h"
#include "connectord/engine/overlaps.h"

namespace connectord::engine {
namespace {

using model::InboundConnector;
using model::Problem;

// One thing that identifies, of one connector. Claims that meet say "I am as specific as you" about the same mail.
struct ConnectorClaim {
  const InboundConnector* connector = nullptr;
  std::string text;  // as the configuration has it, for the message
};

std::string named(const InboundConnector& connector) {
  return "\"" + connector.name + "\" (" + to_string(connector.location) + ")";
}

class Conflicts {
 public:
  explicit Conflicts(const std::vector<InboundConnector>& connectors) : connectors_(connectors) {}

  std::vector<Overlap> overlaps() {
    run();
    return std::move(overlaps_);
  }

  std::vector<Problem> problems() {
    run();
    return std::move(problems_);
  }

 private:
  void run() {
    for (const InboundConnector& connector : connectors_) {
      if (connector.enabled) claims_[&connector] = count_claims(connector);
    }
    sender_domains();
    client_networks();
    certificates();
    report_never_chosen();
    warn_of_taken_claims();
    partners_under_partners();
  }

  static std::size_t count_claims(const InboundConnector& connector) {
    const model::Identify& identify = connector.identify;
    return identify.sender_domains.size() + identify.client_networks.size() + (identify.certificate ? 1 : 0);
  }

  void sender_domains() {
    std::unordered_map<std::string, ConnectorClaim> first;
    for (const InboundConnector& connector : connectors_) {
      if (!connector.enabled) continue;
      for (const net::DomainPattern& pattern : connector.identify.sender_domains) {
        meet(first, pattern.to_string(), {&connector, "sender domain " + pattern.to_string()});
      }
    }
  }

  void certificates() {
    std::unordered_map<std::string, ConnectorClaim> first;
    for (const InboundConnector& connector : connectors_) {
      if (!connector.enabled || !connector.identify.certificate) continue;
      const model::CertificatePattern& pattern = *connector.identify.certificate;
      const std::string names = (pattern.subject ? pattern.subject->text : "") + "\n" + pattern.issuer.value_or("");
      const ConnectorClaim claim{&connector, "certificate " + to_string(pattern)};
      if (pattern.fingerprints.empty()) meet(first, names, claim);
      for (const auto& fingerprint : pattern.fingerprints) meet(first, names + "\n" + to_string(fingerprint), claim);
    }
  }

  // Ranges of one size that overlap. Sorted by size and then by begin, those that overlap stand side by side.
  void client_networks() {
    struct Entry {
      net::IpAddress::Bytes span;
      const net::AddressRange* range = nullptr;
      const InboundConnector* connector = nullptr;
    };
    std::vector<Entry> entries;
    for (const InboundConnector& connector : connectors_) {
      if (!connector.enabled) continue;
      for (const auto& range : connector.identify.client_networks)
        entries.push_back({range.span(), &range, &connector});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return std::tie(a.span, a.range->first(), a.connector->priority) <
             std::tie(b.span, b.range->first(), b.connector->priority);
    });
    for (std::size_t i = 0; i < entries.size(); ++i) {
      for (std::size_t j = i + 1; j < entries.size(); ++j) {
        const Entry& a = entries[i];
        const Entry& b = entries[j];
        if (a.span != b.span || !a.range->overlaps(*b.range)) break;
        compare({a.connector, "client network " + a.range->to_string()},
                {b.connector, "client network " + b.range->to_string()}, *a.range == *b.range);
      }
    }
  }

  void meet(std::unordered_map<std::string, ConnectorClaim>& first, const std::string& key,
            const ConnectorClaim& claim) {
    const auto [place, is_new] = first.try_emplace(key, claim);
    if (is_new) return;
    compare(place->second, claim, true);
    if (claim.connector->priority < place->second.connector->priority) place->second = claim;
  }

  // `same`: what the one matches is just what the other matches.
  void compare(const ConnectorClaim& a, const ConnectorClaim& b, bool same) {
    if (a.connector == b.connector) return;
    if (a.connector->priority == b.connector->priority) {
      report_tie(a, b);
      return;
    }
    if (!same) return;
    const auto& [winner, loser] = a.connector->priority < b.connector->priority ? std::pair{a, b} : std::pair{b, a};
    auto& left = claims_[loser.connector];
    if (left == 0) return;
    if (--left == 0) {
      never_chosen_.emplace_back(loser, winner);
    } else {
      taken_.emplace_back(loser, winner);
    }
  }

  void report_tie(const ConnectorClaim& a, const ConnectorClaim& b) {
    if (!tied_.insert(std::minmax(a.connector, b.connector)).second) return;
    problems_.push_back({b.connector->location, "inbound.identify",
                         "connector \"" + b.connector->name + "\" ties with " + named(*a.connector) + ": both have " +
                             b.text + (a.text == b.text ? "" : ", which overlaps " + a.text) + ", and priority " +
                             std::to_string(b.connector->priority) +
                             "; give the one that should be chosen a lower priority",
                         Problem::Severity::error});
  }

  void report_never_chosen() {
    for (const auto& [loser, winner] : never_chosen_) {
      problems_.push_back({loser.connector->location, "inbound.identify",
                           "connector \"" + loser.connector->name +
                               "\" can never be chosen: " + named(*winner.connector) + " with priority " +
                               std::to_string(winner.connector->priority) + " has its " + loser.text +
                               " too; give it something of its own to be identified by, or remove it",
                           Problem::Severity::error});
    }
  }

  // Its other claims are its own, so this is no error; but mail that its name promises goes elsewhere.
  void warn_of_taken_claims() {
    std::set<std::pair<const InboundConnector*, const InboundConnector*>> reported;
    for (const auto& [loser, winner] : taken_) {
      const bool is_never_chosen = claims_[loser.connector] == 0;
      if (is_never_chosen || !reported.insert({loser.connector, winner.connector}).second) continue;
      overlaps_.push_back({Overlap::Kind::taken, loser.connector->name, winner.connector->name, loser.text});
      problems_.push_back({loser.connector->location, "inbound.identify",
                           "connector \"" + loser.connector->name + "\" never gets mail by its " + loser.text + ": " +
                               named(*winner.connector) + " has it too, with priority " +
                               std::to_string(winner.connector->priority) + "; take it out of one of them",
                           Problem::Severity::warning});
    }
  }

  // A partner's requirements hold for all of its domains, also for those that another partner names more closely.
  void partners_under_partners() {
    DomainIndex index;
    for (ConnectorNumber number = 0; number < connectors_.size(); ++number) {
      if (!is_partner(connectors_[number])) continue;
      for (const auto& pattern : connectors_[number].identify.sender_domains) index.add(pattern, number);
    }
    for (const InboundConnector& connector : connectors_) {
      if (is_partner(connector)) warn_of_wider_partners(index, connector);
    }
  }

  static bool is_partner(const InboundConnector& connector) {
    return connector.enabled && connector.scenario == model::Scenario::partner;
  }

  void warn_of_wider_partners(const DomainIndex& index, const InboundConnector& connector) {
    std::set<const InboundConnector*> wider;
    for (const auto& pattern : connector.identify.sender_domains) {
      if (pattern.name().empty()) continue;
      index.visit(pattern.name(), [&](ConnectorNumber number, unsigned rank) {
        if (rank < specificity(pattern) && &connectors_[number] != &connector) wider.insert(&connectors_[number]);
      });
    }
    for (const InboundConnector* other : wider) {
      overlaps_.push_back({Overlap::Kind::under, connector.name, other->name, {}});
      problems_.push_back({connector.location, "inbound.identify.sender_domains",
                           "mail of connector \"" + connector.name + "\" must fulfil the requirements of " +
                               named(*other) + " too, whose sender_domains contain its own",
                           Problem::Severity::warning});
    }
  }

  const std::vector<InboundConnector>& connectors_;
  std::vector<Problem> problems_;
  std::vector<Overlap> overlaps_;
  std::unordered_map<const InboundConnector*, std::size_t> claims_;      // that no other connector takes away
  std::vector<std::pair<ConnectorClaim, ConnectorClaim>> never_chosen_;  // loser, winner
  std::vector<std::pair<ConnectorClaim, ConnectorClaim>> taken_;  // the same, of connectors with other claims left
  std::set<std::pair<const InboundConnector*, const InboundConnector*>> tied_;
};

}  // namespace

std::vector<Problem> find_conflicts(const std::vector<InboundConnector>& connectors) {
  return Conflicts(connectors).problems();
}

std::vector<Overlap> find_overlaps(const std::vector<model::InboundConnector>& connectors) {
  return Conflicts(connectors).overlaps();
}

}  // namespace connectord::engine
