#include "connectord/delivery/destination.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "connectord/base/mutex.h"
#include "connectord/delivery/advisor.h"
#include "connectord/engine/routing.h"
#include "connectord/mail/postfix_terms.h"

namespace connectord::delivery {
namespace {

using Json = nlohmann::ordered_json;
using model::OutboundConnector;

// What is answered where nothing that the destination publishes counts.
std::string own_policy(const Hop& hop) {
  const auto policy = hop.connector == nullptr ? std::nullopt : mail::tls_policy_of(*hop.connector);
  return policy.value_or("as the mail server has it");
}

// How many of the questions that were asked have news. It may come when nobody waits for it any more.
struct News {
  base::Mutex mutex;
  base::ConditionVariable came;
  std::size_t number GUARDED_BY(mutex) = 0;
};

struct Asked {
  Hop* hop;
  Question question;
};

// Others may have had it asked, and not for all that counts here; then it is asked once more.
constexpr int most_rounds = 2;

// Asks, and waits until there is news of all or no more time, and returns until when that is.
Advisor::Clock::time_point ask(const std::vector<Asked>& open, Advisor::Clock::time_point ends, Advisor& advisor) {
  const auto news = std::make_shared<News>();
  for (const Asked& one : open) {
    ends = std::min(ends, advisor.ask(one.question, [news] {
      const base::MutexLock lock(news->mutex);
      ++news->number;
      news->came.notify_all();
    }));
  }
  const base::MutexLock lock(news->mutex);
  news->came.wait_until(news->mutex, ends, [&]() REQUIRES(news->mutex) { return news->number == open.size(); });
  return ends;
}

}  // namespace

std::vector<Hop> hops_of(const engine::Policy& policy, const OutboundConnector* route, const std::string& domain) {
  std::vector<std::string> names;
  if (route != nullptr) {
    for (const model::SmartHost& host : route->route.smart_hosts) names.push_back(to_string(host));
  }
  if (names.empty()) names.push_back(domain);
  std::vector<Hop> hops;
  for (std::string& name : names) {
    const OutboundConnector* owner = engine::connector_of_next_hop(policy, name);
    if (owner == nullptr || (route != nullptr && route->needs_own_service())) owner = route;
    hops.push_back({std::move(name), owner, wish_of(policy.configuration(), owner)});
  }
  return hops;
}

void advise(const std::vector<Hop*>& hops, Advisor& advisor) {
  std::vector<Asked> open;
  for (Hop* hop : hops) {
    if (auto question = question_about(hop->name, hop->wish)) open.push_back({hop, std::move(*question)});
  }
  const auto take_known = [&] {
    std::erase_if(open, [&advisor](Asked& one) {
      one.hop->advice = advisor.known(one.question);
      return one.hop->advice.has_value();
    });
  };
  take_known();
  auto ends = Advisor::Clock::time_point::max();
  for (int round = 0; round < most_rounds && !open.empty() && Advisor::Clock::now() < ends; ++round) {
    ends = ask(open, ends, advisor);
    take_known();
  }
  for (const Asked& one : open) one.hop->advice = advisor.at_last(one.question);
}

std::string answer_of(const Hop& hop) {
  if (!hop.advice || hop.advice->kind == Advice::Kind::nothing) return own_policy(hop);
  if (hop.advice->kind == Advice::Kind::wait) return "mail waits";
  return hop.advice->policy + (hop.connector == nullptr ? "" : mail::protocols_of(*hop.connector));
}

std::string why_of(const Hop& hop) {
  if (hop.advice) return hop.advice->why;
  if (hop.connector == nullptr)
    return "[delivery] asks for nothing, or the next hop has no name that could publish any";
  if (!hop.wish.asks()) return "its own level counts, whatever the destination publishes";
  return "the next hop has no name that could publish any";
}

nlohmann::ordered_json to_json(const Hop& hop) {
  return {{"next_hop", hop.name},
          {"connector", hop.connector == nullptr ? Json() : Json(hop.connector->name)},
          {"policy", answer_of(hop)},
          {"by", model::word_of(hop.advice ? hop.advice->kind : Advice::Kind::nothing)},
          {"why", why_of(hop)}};
}

}  // namespace connectord::delivery
