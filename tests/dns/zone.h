#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectord/base/ascii_case.h"
#include "connectord/dns/dns_answers.h"
#include "connectord/dns/resolver.h"
#include "connectord/net/ip_address.h"

namespace connectord::dns::testing {

// DNS in memory: what a test's names answer. Names may be written in any case and with a final dot. A name without
// records that has names below it exists (RFC 8020: an empty non-terminal), all others do not.
// Reading is thread-safe once the zone is filled.
class Zone {
 public:
  Zone& txt(std::string_view name, std::string text) {
    answer_at(name, Type::txt).texts.push_back(std::move(text));
    return *this;
  }
  // A or AAAA, as the address is.
  Zone& address(std::string_view name, std::string_view text) {
    const auto address = net::IpAddress::parse(text);
    if (!address) throw std::invalid_argument("no address: " + std::string(text));
    answer_at(name, address->is_v4() ? Type::a : Type::aaaa).addresses.push_back(*address);
    return *this;
  }
  Zone& mx(std::string_view name, std::uint16_t preference, std::string_view host) {
    answer_at(name, Type::mx).exchangers.push_back({preference, spelled(host)});
    return *this;
  }
  Zone& ptr(std::string_view name, std::string_view host) {
    answer_at(name, Type::ptr).names.push_back(spelled(host));
    return *this;
  }
  // The name that belongs to an address, below in-addr.arpa or ip6.arpa.
  Zone& reverse(std::string_view address, std::string_view host) { return ptr(reverse_name(address), host); }
  Zone& cname(std::string_view name, std::string_view target) {
    answer_at(name, Type::cname).names.push_back(spelled(target));
    return *this;
  }
  Zone& tlsa(std::string_view name, Tlsa association) {
    answer_at(name, Type::tlsa).associations.push_back(std::move(association));
    return *this;
  }
  // What is said of the name from now on carries the AD bit.
  Zone& signed_at(std::string_view name) {
    signed_.insert(spelled(name));
    return *this;
  }
  // The name exists, without records of its own.
  Zone& exists(std::string_view name) {
    nodes_[spelled(name)];
    return *this;
  }
  // Every question for the name, or those for one type, end so.
  Zone& timeout(std::string_view name, std::optional<Type> type = {}) { return fail(name, type, Status::timeout); }
  Zone& error(std::string_view name, std::optional<Type> type = {}) { return fail(name, type, Status::error); }

  Answer answer(const Question& question) const {
    Answer answer = unsigned_answer(question);
    answer.authenticated = signed_.contains(spelled(question.name));
    return answer;
  }

  static std::string reverse_name(std::string_view text) {
    const auto address = net::IpAddress::parse(text);
    if (!address) throw std::invalid_argument("no address: " + std::string(text));
    std::string name;
    const auto& bytes = address->bytes();
    if (address->is_v4()) {
      for (std::size_t i = bytes.size(); i-- > 12;) name += std::to_string(bytes[i]) + ".";
      return name + "in-addr.arpa";
    }
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = bytes.size(); i-- > 0;) {
      name += {digits[bytes[i] & 15U], '.', digits[bytes[i] >> 4U], '.'};
    }
    return name + "ip6.arpa";
  }

 private:
  static constexpr int max_chain_length = 8;
  using Node = std::map<Type, Answer>;

  static std::string spelled(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return base::to_lower(name);
  }
  static bool is_name(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    for (std::size_t begin = 0;;) {
      const auto dot = name.find('.', begin);
      const auto length = (dot == std::string_view::npos ? name.size() : dot) - begin;
      if (length == 0 || length > 63) return false;
      if (dot == std::string_view::npos) return true;
      begin = dot + 1;
    }
  }
  Answer unsigned_answer(const Question& question) const {
    std::string name = spelled(question.name);
    if (!is_name(question.name)) return ended(Status::invalid);  // a final dot is none of a question's
    for (int link = 0; link <= max_chain_length; ++link) {
      if (auto failure = failure_of(name, question.type)) return ended(*failure);
      const auto node = nodes_.find(name);
      if (node == nodes_.end()) return ended(has_names_below(name) ? Status::nodata : Status::nxdomain);
      if (const auto found = node->second.find(question.type); found != node->second.end()) return found->second;
      const auto alias = node->second.find(Type::cname);
      if (alias == node->second.end()) return ended(Status::nodata);
      name = alias->second.names.front();
    }
    return ended(Status::error);
  }

  static Answer ended(Status status) {
    Answer answer;
    answer.status = status;
    answer.ttl = std::chrono::seconds(60);
    return answer;
  }
  Answer& answer_at(std::string_view name, Type type) {
    Answer& answer = nodes_[spelled(name)][type];
    answer.status = Status::found;
    answer.ttl = std::chrono::seconds(300);
    return answer;
  }
  Zone& fail(std::string_view name, std::optional<Type> type, Status status) {
    failures_[spelled(name)].emplace_back(type, status);
    return *this;
  }
  std::optional<Status> failure_of(const std::string& name, Type type) const {
    const auto found = failures_.find(name);
    if (found == failures_.end()) return std::nullopt;
    for (const auto& [only, status] : found->second) {
      if (!only || *only == type) return status;
    }
    return std::nullopt;
  }
  bool has_names_below(const std::string& name) const {
    for (const auto& [other, node] : nodes_) {
      if (other.ends_with("." + name)) return true;
    }
    return false;
  }

  std::map<std::string, Node> nodes_;
  std::set<std::string> signed_;
  std::map<std::string, std::vector<std::pair<std::optional<Type>, Status>>> failures_;
};

// Runs a step, which is `std::optional<Result>(DnsAnswers&)`, until it has a result; each round brings the answers that
// the last one missed. Throws if a step gives up without a question, or never ends. `asked`, if given, counts
// questions.
template <class Step>
auto run(const Zone& zone, Step step, std::size_t* asked = nullptr) {
  DnsAnswers dns_answers;
  for (int round = 0; round < 1000; ++round) {
    if (auto result = step(dns_answers)) return *std::move(result);
    const auto missing = dns_answers.take_missing();
    if (missing.empty()) throw std::logic_error("the step waits for nothing");
    if (asked != nullptr) *asked += missing.size();
    for (const auto& question : missing) dns_answers.add(question, std::make_shared<Answer>(zone.answer(question)));
  }
  throw std::logic_error("the step asks without end");
}

// The same zone behind the interface of the real resolver; answers at once. The zone must outlive it.
class ZoneResolver : public Resolver {
 public:
  explicit ZoneResolver(const Zone& zone) : zone_(zone) {}
  void resolve(const Question& question, const std::string&, Callback callback) override {
    callback(std::make_shared<Answer>(zone_.answer(question)));
  }

 private:
  const Zone& zone_;
};

}  // namespace connectord::dns::testing
