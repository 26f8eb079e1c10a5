#include "connectord/auth/dmarc_record.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "connectord/auth/report_uri.h"
#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"

namespace connectord::auth {
namespace {

using base::equals_ignoring_case;
using base::trimmed;
using model::DmarcPolicy;

struct Tag {
  std::string_view name;
  std::string_view value;
};

// dmarc-tag = 1*ALPHA equals 1*dmarc-value (4.8); what is no tag has an empty name.
Tag split_tag(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return {};
  return {trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1))};
}

// The text up to the next semicolon, which is taken away.
std::string_view take_part(std::string_view& text) {
  const auto end = std::min(text.find(';'), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// RFC 5234 strings are the same in any case, but for the version.
template <class Value, std::size_t size>
std::optional<Value> look_up(std::string_view word,
                             const std::array<std::pair<std::string_view, Value>, size>& values) {
  for (const auto& [name, value] : values) {
    if (equals_ignoring_case(word, name)) return value;
  }
  return std::nullopt;
}

std::optional<DmarcPolicy> parse_policy(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, DmarcPolicy>, 3> values = {
      {{"none", DmarcPolicy::none}, {"quarantine", DmarcPolicy::quarantine}, {"reject", DmarcPolicy::reject}}};
  return look_up(word, values);
}

std::optional<bool> parse_strictness(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, bool>, 2> values = {{{"s", true}, {"r", false}}};
  return look_up(word, values);
}

std::optional<bool> parse_yes_or_no(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, bool>, 2> values = {{{"y", true}, {"n", false}}};
  return look_up(word, values);
}

std::optional<DmarcRecord::PublicSuffix> parse_psd(std::string_view word) {
  using PublicSuffix = DmarcRecord::PublicSuffix;
  constexpr std::array<std::pair<std::string_view, PublicSuffix>, 3> values = {
      {{"y", PublicSuffix::yes}, {"n", PublicSuffix::no}, {"u", PublicSuffix::unknown}}};
  return look_up(word, values);
}

// dmarc-version = "v" equals %s"DMARC1" (4.8), at the very beginning.
bool is_version(std::string_view part) {
  const Tag tag = split_tag(part);
  return !part.empty() && !base::is_space(part.front()) && equals_ignoring_case(tag.name, "v") && tag.value == "DMARC1";
}

// Reads the tags behind the version, each of those that count from the whole list, so that one given twice is found.
class TagReader {
 public:
  explicit TagReader(std::string_view tags) {
    while (!tags.empty()) tags_.push_back(split_tag(take_part(tags)));
  }

  DmarcRecord read() {
    record_.strict_dkim = read_tag("adkim", parse_strictness).value_or(false);
    record_.strict_spf = read_tag("aspf", parse_strictness).value_or(false);
    record_.testing = read_tag("t", parse_yes_or_no).value_or(false);
    record_.psd = read_tag("psd", parse_psd).value_or(DmarcRecord::PublicSuffix::unknown);
    if (const auto addresses = find("rua")) record_.aggregate_reports = addresses->value;
    if (const auto addresses = find("ruf")) record_.failure_reports = addresses->value;
    if (const auto options = find("fo"); options && !options->twice) {
      record_.failure_options = read_failure_options(options->value);
    }
    record_.has_report_address = has_report_uri(record_.aggregate_reports);
    read_policies();
    return std::move(record_);
  }

 private:
  struct Found {
    std::string_view value;  // of the first tag of that name
    bool twice = false;
  };

  std::optional<Found> find(std::string_view name) const {
    std::optional<Found> found;
    for (const Tag& tag : tags_) {
      if (!equals_ignoring_case(tag.name, name)) continue;
      if (found) return Found{found->value, true};
      found = Found{tag.value, false};
    }
    return found;
  }

  // std::nullopt for a tag that is not there or not valid; the latter is noted.
  template <class Value>
  std::optional<Value> read_tag(std::string_view name, std::optional<Value> (*parse)(std::string_view)) {
    const auto found = find(name);
    if (!found) return std::nullopt;
    const auto value = found->twice ? std::nullopt : parse(found->value);
    if (!value) {
      note(std::string(name) + "=" + base::printable(found->value, 20) +
           (found->twice ? " given twice" : " not valid"));
    }
    return value;
  }

  // dmarc-fo = ( "0" / "1" ) [ ":d" ] [ ":s" ] and the like; unknown ones void the tag.
  static std::string read_failure_options(std::string_view value) {
    constexpr std::size_t longest = 7;
    std::string options;
    for (const char c : value) {
      if (!base::is_space(c)) options += base::to_lower(c);
    }
    const bool is_list = options.size() % 2 == 1 && options.size() <= longest;
    for (std::size_t i = 0; is_list && i < options.size(); ++i) {
      const std::string_view allowed = i % 2 == 0 ? "01ds" : ":";
      if (allowed.find(options[i]) == std::string_view::npos) return {};
    }
    return is_list ? options : std::string();
  }

  // One invalid policy voids all three of them (4.10.1).
  void read_policies() {
    const auto policy = read_tag("p", parse_policy);
    record_.subdomain_policy = read_tag("sp", parse_policy);
    record_.non_existent_policy = read_tag("np", parse_policy);
    if (!find("p")) note("no p");
    const bool bad =
        !policy || (find("sp") && !record_.subdomain_policy) || (find("np") && !record_.non_existent_policy);
    if (!bad) {
      record_.policy = *policy;
      return;
    }
    record_.subdomain_policy.reset();
    record_.non_existent_policy.reset();
    record_.usable = record_.has_report_address;
    note(record_.usable ? "counts as p=none" : "does not apply, having no rua either");
  }

  void note(const std::string& what) { record_.problem += (record_.problem.empty() ? "" : ", ") + what; }

  std::vector<Tag> tags_;
  DmarcRecord record_;
};

}  // namespace

std::optional<DmarcRecord> parse_dmarc_record(std::string_view text) {
  std::string_view tags = text.substr(0, max_dmarc_record_length);
  if (!is_version(take_part(tags))) return std::nullopt;
  if (text.size() <= max_dmarc_record_length) return TagReader(tags).read();
  DmarcRecord record;
  record.usable = false;
  record.problem = "longer than " + std::to_string(max_dmarc_record_length) + " bytes";
  return record;
}

std::string tags_of(const DmarcRecord& record) {
  using PublicSuffix = DmarcRecord::PublicSuffix;
  std::string tags = "p=" + std::string(to_string(record.policy));
  const auto add = [&tags](std::string_view name, std::string_view value) {
    tags.append("; ").append(name).append("=").append(value);
  };
  if (record.subdomain_policy) add("sp", to_string(*record.subdomain_policy));
  if (record.non_existent_policy) add("np", to_string(*record.non_existent_policy));
  if (record.strict_dkim) add("adkim", "s");
  if (record.strict_spf) add("aspf", "s");
  if (record.testing) add("t", "y");
  if (record.psd != PublicSuffix::unknown) add("psd", record.psd == PublicSuffix::yes ? "y" : "n");
  if (!record.failure_options.empty()) add("fo", record.failure_options);
  return tags;
}

}  // namespace connectord::auth
