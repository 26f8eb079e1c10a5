#include "connectord/sts/policy_book.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "connectord/base/json.h"
#include "connectord/base/json_values.h"
#include "connectord/base/time.h"
#include "connectord/net/domain_name.h"

namespace connectord::sts {
namespace {

using Json = nlohmann::json;

// Policies that mail did not ask for in this time are left to end.
constexpr std::int64_t kept_fresh = 14 * base::day_seconds;
constexpr std::size_t max_line = max_sts_policy_length + 4096;

std::string text_of(const StsPolicy& policy) {
  std::string text;
  for (const std::string& field : fields_of(policy)) text += field + "\n";
  return text;
}

// What it takes of memory, about.
std::size_t size_of(const KeptPolicy& kept) {
  std::size_t bytes = sizeof kept + 2 * kept.policy.domain.size() + kept.id.size();
  for (const std::string& host : kept.policy.mx) bytes += sizeof(std::string) + host.size();
  return bytes;
}

std::optional<KeptPolicy> policy_of_line(std::string_view line) {
  if (line.size() > max_line) return std::nullopt;
  const Json object = base::parse_sorted_json(line);
  if (!object.is_object()) return std::nullopt;
  auto policy = parse_sts_policy(base::text_at(object, "policy"));
  auto domain = net::normalize_domain(base::text_at(object, "domain"));
  if (!policy || !domain) return std::nullopt;
  policy->domain = std::move(*domain);
  return KeptPolicy{.policy = std::move(*policy),
                    .id = base::text_at(object, "id"),
                    .fetched = base::integer_at(object, "fetched"),
                    .used = base::integer_at(object, "used")};
}

}  // namespace

std::int64_t KeptPolicy::is_old() const {
  return fetched + std::min(base::day_seconds, policy.max_age.count() / 2);
}

KeptPolicy* PolicyBook::find(std::string_view domain, std::int64_t now) {
  KeptPolicy* kept = policies_.find(domain);
  if (kept == nullptr) return nullptr;
  if (kept->ends() <= now) {
    forget(domain);
    return nullptr;
  }
  return kept;
}

void PolicyBook::keep(KeptPolicy policy) {
  const std::string domain = policy.policy.domain;
  forget(domain);
  bytes_ += size_of(policy);
  while (policies_.size() > 0 && (policies_.size() >= policies_.most() || bytes_ > most_bytes_)) {
    bytes_ -= size_of(*policies_.oldest());
    policies_.remove_oldest();
  }
  policies_.at(domain) = std::move(policy);
}

void PolicyBook::forget(std::string_view domain) {
  const KeptPolicy* kept = policies_.find(domain);
  if (kept == nullptr) return;
  bytes_ -= size_of(*kept);
  policies_.remove(domain);
}

std::vector<std::string> PolicyBook::due(std::int64_t now, std::size_t most) const {
  std::vector<std::string> domains;
  policies_.visit([&](const std::string& domain, const KeptPolicy& kept) {
    const bool is_wanted = kept.used + kept_fresh > now && kept.ends() > now;
    if (is_wanted && kept.is_old() <= now && kept.not_before <= now && domains.size() < most) {
      domains.push_back(domain);
    }
  });
  return domains;
}

std::string PolicyBook::to_text(std::int64_t now) const {
  std::string text;
  policies_.visit([&](const std::string& domain, const KeptPolicy& kept) {
    if (kept.ends() <= now) return;
    const Json line = {{"domain", domain},
                       {"id", kept.id},
                       {"fetched", kept.fetched},
                       {"used", kept.used},
                       {"policy", text_of(kept.policy)}};
    text += base::json_text(line) + "\n";
  });
  return text;
}

void PolicyBook::read_text(std::string_view text, std::int64_t now) {
  // The file has the most recently used first.
  std::vector<KeptPolicy> read;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto kept = policy_of_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    // A time to come is that of a clock which was wrong, and would keep the policy for longer than it may be.
    if (kept && kept->fetched <= now && kept->ends() > now) read.push_back(std::move(*kept));
  }
  for (auto kept = read.rbegin(); kept != read.rend(); ++kept) keep(std::move(*kept));
}

}  // namespace connectord::sts
