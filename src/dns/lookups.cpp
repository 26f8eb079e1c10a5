#include "connectord/dns/lookups.h"

#include <algorithm>
#include <future>

namespace connectord::dns {

using Answered = std::shared_ptr<const Answer>;

std::vector<Answered> ask_all(Resolver& resolver, const std::vector<Question>& questions) {
  std::vector<std::future<Answered>> waiting;
  for (const Question& question : questions) {
    auto answered = std::make_shared<std::promise<Answered>>();
    waiting.push_back(answered->get_future());
    resolver.resolve(question, [answered](Answered answer) { answered->set_value(std::move(answer)); });
  }
  std::vector<Answered> answers;
  for (auto& each : waiting) answers.push_back(each.get());
  return answers;
}

Answered ask(Resolver& resolver, const Question& question) {
  return ask_all(resolver, {question}).front();
}

Addresses addresses_of(Resolver& resolver, const std::string& name) {
  const auto answers = ask_all(resolver, {{name, Type::aaaa}, {name, Type::a}});
  Addresses addresses;
  addresses.authenticated = true;
  addresses.ttl = std::chrono::seconds::max();
  for (const Answered& answer : answers) {
    addresses.found.insert(addresses.found.end(), answer->addresses.begin(), answer->addresses.end());
    addresses.authenticated = addresses.authenticated && answer->authenticated;
    if (answer->status == Status::found) addresses.ttl = std::min(addresses.ttl, answer->ttl);
  }
  if (!addresses.found.empty()) return addresses;
  // A temporary error of one family says more than that the other one has none.
  const bool first_says_more = answers[0]->is_temporary() || !answers[1]->is_temporary();
  addresses.status = (first_says_more ? answers[0] : answers[1])->status;
  addresses.ttl = std::chrono::seconds(0);
  return addresses;
}

}  // namespace connectord::dns
