#include "connectord/sts/mta_sts.h"

#include <algorithm>
#include <optional>

#include "connectord/base/ascii_case.h"
#include "connectord/base/number.h"
#include "connectord/base/text.h"
#include "connectord/net/domain_name.h"

namespace connectord::sts {
namespace {

constexpr std::string_view version = "STSv1";
constexpr std::size_t max_id_length = 32;
constexpr std::int64_t max_age = 31'557'600;  // 3.2: about a year

tl::unexpected<std::string> bad(std::string why) {
  return tl::unexpected(std::move(why));
}

struct Field {
  std::string_view name;
  std::string_view value;
};

// "name = value" up to `end`, which is taken away together with it.
Field take_field(std::string_view& text, char end, char between) {
  const auto length = std::min(text.find(end), text.size());
  std::string_view field = text.substr(0, length);
  text.remove_prefix(std::min(length + 1, text.size()));
  if (field.ends_with('\r')) field.remove_suffix(1);
  const auto middle = field.find(between);
  if (middle == std::string_view::npos) return {base::trimmed(field), {}};
  return {base::trimmed(field.substr(0, middle)), base::trimmed(field.substr(middle + 1))};
}

std::optional<std::chrono::seconds> parse_age(std::string_view digits) {
  const auto seconds = base::whole_number<std::int64_t>(digits);
  if (!seconds || *seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min(*seconds, max_age));
}

std::optional<std::string> parse_pattern(std::string_view text) {
  const bool wildcard = text.starts_with("*.");
  auto name = net::normalize_domain(wildcard ? text.substr(2) : text);
  if (name && wildcard) name = "*." + *name;
  return name;
}

// Which fields have come; each of them counts once, the first time.
struct Seen {
  bool version = false;
  bool mode = false;
  bool age = false;
};

// False where the field's value is wrong.
bool take(StsPolicy& policy, Seen& seen, const Field& field) {
  if (field.name == "version" && !seen.version) return seen.version = field.value == version;
  if (field.name == "mode" && !seen.mode) {
    const auto mode = model::value_of<StsPolicy::Mode>(field.value);
    policy.mode = mode.value_or(StsPolicy::Mode::none);
    return seen.mode = mode.has_value();
  }
  if (field.name == "max_age" && !seen.age) {
    const auto age = parse_age(field.value);
    policy.max_age = age.value_or(std::chrono::seconds(0));
    return seen.age = age.has_value();
  }
  if (field.name != "mx") return true;
  auto pattern = parse_pattern(field.value);
  if (!pattern) return false;
  policy.mx.push_back(std::move(*pattern));
  return true;
}

}  // namespace

bool is_sts_record(std::string_view text) {
  constexpr std::string_view beginning = "v=STSv1";
  if (!text.starts_with(beginning)) return false;
  const auto rest = base::trimmed(text.substr(beginning.size()));
  return rest.empty() || rest.starts_with(';');
}

tl::expected<std::string, std::string> parse_sts_record(std::string_view text) {
  if (!is_sts_record(text)) return bad("it does not begin with v=STSv1");
  std::string id;
  while (!text.empty()) {
    const Field field = take_field(text, ';', '=');
    if (field.name == "id" && id.empty()) id = field.value;
  }
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) { return base::is_alpha(c) || base::is_digit(c); });
  if (id.empty() || id.size() > max_id_length || !plain) return bad("it has no id of 1 to 32 letters and digits");
  return id;
}

tl::expected<StsPolicy, std::string> parse_sts_policy(std::string_view text) {
  if (text.size() > max_sts_policy_length) return bad("it is longer than 64 KiB");
  StsPolicy policy;
  Seen seen;
  while (!text.empty()) {
    const Field field = take_field(text, '\n', ':');
    if (!take(policy, seen, field)) {
      return bad(std::string(field.name) + " is not valid: " + base::printable(field.value));
    }
  }
  if (!seen.version) return bad("it has no version: STSv1");
  if (!seen.mode) return bad("it has no mode");
  if (!seen.age) return bad("it has no max_age");
  if (policy.mx.empty() && policy.mode != StsPolicy::Mode::none) return bad("it names no mx");
  return policy;
}

std::vector<std::string> fields_of(const StsPolicy& policy) {
  std::vector<std::string> fields = {"version: STSv1", "mode: " + std::string(to_string(policy.mode))};
  for (const std::string& host : policy.mx) fields.push_back("mx: " + host);
  fields.push_back("max_age: " + std::to_string(policy.max_age.count()));
  return fields;
}

bool allows(const StsPolicy& policy, std::string_view host) {
  return std::any_of(policy.mx.begin(), policy.mx.end(), [host](const std::string& pattern) {
    if (!pattern.starts_with("*.")) return pattern == host;
    return net::parent_domain(host) == std::string_view(pattern).substr(2) && !net::parent_domain(host).empty();
  });
}

std::string_view to_string(StsPolicy::Mode mode) {
  return model::word_of(mode);
}

}  // namespace connectord::sts
