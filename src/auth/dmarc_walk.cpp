#include "connectord/auth/dmarc_walk.h"

#include <algorithm>
#include <optional>

#include "connectord/net/domain_name.h"

namespace connectord::auth {
namespace {

constexpr std::size_t max_queries = 8;

std::size_t count_labels(std::string_view name) {
  return static_cast<std::size_t>(std::count(name.begin(), name.end(), '.')) + 1;
}

std::string_view last_labels(std::string_view name, std::size_t count) {
  for (std::size_t labels = count_labels(name); labels > count; --labels) name = net::parent_domain(name);
  return name;
}

dns::Question question_at(const std::string& name) {
  return {"_dmarc." + name, dns::Type::txt};
}

// Several records at one name are all discarded (4.10, steps 2 and 6).
DmarcRecords::AtName single_record(const dns::Answer& answer, const std::string& name) {
  DmarcRecords::AtName single;
  for (const std::string& text : answer.texts) {
    auto record = parse_dmarc_record(text);
    if (!record) continue;
    if (single.record) return {std::nullopt, "several DMARC records at _dmarc." + name + ", so none counts"};
    single.record = std::move(record);
  }
  return single;
}

// 4.10.2, from the longest name to the shortest.
std::string organizational_domain(const TreeWalk& walk) {
  for (const TreeWalk::Entry& entry : walk.records) {
    if (entry.record.psd == DmarcRecord::PublicSuffix::no) return entry.name;
    if (entry.record.psd == DmarcRecord::PublicSuffix::yes && entry.name != walk.domain) {
      return std::string(last_labels(walk.domain, count_labels(entry.name) + 1));
    }
  }
  return walk.records.empty() ? walk.domain : walk.records.back().name;
}

}  // namespace

std::vector<std::string> tree_walk_names(std::string_view domain) {
  std::vector<std::string> names = {std::string(domain)};
  std::string_view target = domain;
  // A name of eight labels or more is shortened to seven (step 4).
  target = count_labels(target) < max_queries ? net::parent_domain(target) : last_labels(target, max_queries - 1);
  for (; !target.empty(); target = net::parent_domain(target)) names.emplace_back(target);
  return names;
}

const DmarcRecord* TreeWalk::record_at(std::string_view name) const {
  const auto found =
      std::find_if(records.begin(), records.end(), [&](const Entry& entry) { return entry.name == name; });
  return found == records.end() ? nullptr : &found->record;
}

const TreeWalk::Entry* TreeWalk::public_suffix() const {
  const auto found = std::find_if(records.begin(), records.end(), [&](const Entry& entry) {
    return entry.record.psd == DmarcRecord::PublicSuffix::yes && entry.name != domain;
  });
  return found == records.end() ? nullptr : &*found;
}

const DmarcRecords::AtName& DmarcRecords::read(const std::string& name, const dns::Answer& answer) {
  const auto found = by_name_.find(name);
  return found != by_name_.end() ? found->second : by_name_.emplace(name, single_record(answer, name)).first->second;
}

void ask_for_walk(std::string_view domain, dns::DnsAnswers& answers) {
  for (const std::string& name : tree_walk_names(domain)) answers.ask(question_at(name));
}

TreeWalk walk_tree(std::string_view domain, dns::DnsAnswers& answers) {
  DmarcRecords records;
  return walk_tree(domain, answers, records);
}

TreeWalk walk_tree(std::string_view domain, dns::DnsAnswers& answers, DmarcRecords& records) {
  TreeWalk walk;
  walk.domain = domain;
  const auto names = tree_walk_names(domain);
  for (const std::string& name : names) answers.ask(question_at(name));
  for (const std::string& name : names) {
    const dns::Answer* answer = answers.ask(question_at(name));
    if (answer == nullptr) {
      walk.state = TreeWalk::State::waiting;
      return walk;
    }
    if (answer->is_temporary()) {
      walk.state = TreeWalk::State::failed;
      walk.problem = "no answer from DNS for _dmarc." + name + ": " + std::string(dns::to_string(answer->status));
      return walk;
    }
    const DmarcRecords::AtName& found = records.read(name, *answer);
    if (!found.problem.empty()) walk.problem = found.problem;
    if (!found.record) continue;
    walk.records.push_back({name, *found.record});
    if (walk.records.back().record.psd != DmarcRecord::PublicSuffix::unknown) break;
  }
  walk.organizational_domain = organizational_domain(walk);
  return walk;
}

}  // namespace connectord::auth
