#include "connectord/reports/tls_report.h"

#include <nlohmann/json.hpp>

#include "connectord/base/json.h"

namespace connectord::reports {
namespace {

using Parsed = nlohmann::json;

constexpr std::size_t max_entries = 10'000;
constexpr std::size_t max_tls_text = 300;
constexpr int max_levels = 20;

std::string text_at(const Parsed& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end() || !found->is_string()) return {};
  return found->get_ref<const std::string&>().substr(0, max_tls_text);
}

std::uint64_t number_at(const Parsed& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

const Parsed& member(const Parsed& object, const char* key) {
  static const Parsed nothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found == object.end() ? nothing : *found;
}

TlsFailure failure_of(const Parsed& detail) {
  std::string information = text_at(detail, "additional-information");
  if (const std::string code = text_at(detail, "failure-reason-code"); !code.empty()) {
    information += (information.empty() ? "" : "; ") + code;
  }
  return {.result = text_at(detail, "result-type"),
          .count = number_at(detail, "failed-session-count"),
          .sending_address = text_at(detail, "sending-mta-ip"),
          .mx = text_at(detail, "receiving-mx-hostname"),
          .receiving_address = text_at(detail, "receiving-ip"),
          .information = std::move(information)};
}

TlsPolicyResult result_of(const Parsed& entry) {
  const Parsed& policy = member(entry, "policy");
  const Parsed& summary = member(entry, "summary");
  TlsPolicyResult result{.type = text_at(policy, "policy-type"),
                         .domain = text_at(policy, "policy-domain"),
                         .successes = number_at(summary, "total-successful-session-count"),
                         .failures = number_at(summary, "total-failure-session-count"),
                         .details = {}};
  const Parsed& details = member(entry, "failure-details");
  if (!details.is_array()) return result;
  for (const Parsed& detail : details) {
    if (result.details.size() == max_entries) break;
    result.details.push_back(failure_of(detail));
  }
  return result;
}

// A parser that goes down once a bracket must be kept from going down for ever.
bool is_too_deep(std::string_view json) {
  int depth = 0;
  for (const char each : json) {
    if (each == '{' || each == '[') ++depth;
    if (each == '}' || each == ']') --depth;
    if (depth > max_levels) return true;
  }
  return false;
}

}  // namespace

tl::expected<TlsReport, std::string> read_tls_report(std::string_view json) {
  if (is_too_deep(json)) return tl::unexpected(std::string("its JSON has more levels than any TLS report"));
  const Parsed document = base::parse_sorted_json(json);
  if (document.is_discarded()) return tl::unexpected(std::string("its JSON is broken"));
  const Parsed& policies = member(document, "policies");
  if (!policies.is_array())
    return tl::unexpected(std::string("it is JSON, but no TLS report: it has no list \"policies\""));
  const Parsed& range = member(document, "date-range");
  TlsReport report{.organization = text_at(document, "organization-name"),
                   .id = text_at(document, "report-id"),
                   .begin = text_at(range, "start-datetime"),
                   .end = text_at(range, "end-datetime"),
                   .policies = {}};
  for (const Parsed& entry : policies) {
    if (report.policies.size() == max_entries) break;
    report.policies.push_back(result_of(entry));
  }
  return report;
}

}  // namespace connectord::reports
