#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "connectord/model/configuration.h"

namespace connectord::engine {

class Index;
class OutboundIndex;
class RuleBook;

// One generation of the configuration, ready to decide by: the values and the indexes over them. Immutable, so threads
// share it freely; a new configuration is a new Policy.
class Policy {
 public:
  // What a compilation found. `policy` is empty if one of the problems is an error.
  struct Compiled;

  // Checks across connectors what no single key can show: two that tie, one that can never be chosen, a partner whose
  // mail falls under another partner's requirements too, two that want different TLS of one next hop.
  static Compiled compile(model::Configuration configuration);

  explicit Policy(model::Configuration configuration);
  ~Policy();
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  // The enabled inbound connector of that name, or nullptr.
  const model::InboundConnector* find(std::string_view name) const;

  const model::Configuration& configuration() const { return configuration_; }
  const Index& index() const { return *index_; }
  const OutboundIndex& outbound() const { return *outbound_; }
  // The enabled transport rules.
  const RuleBook& rules() const { return *rules_; }

 private:
  model::Configuration configuration_;
  std::unique_ptr<const Index> index_;
  std::unique_ptr<const OutboundIndex> outbound_;
  std::unique_ptr<const RuleBook> rules_;
};

struct Policy::Compiled {
  std::shared_ptr<const Policy> policy;
  std::vector<model::Problem> problems;
};

}  // namespace connectord::engine
