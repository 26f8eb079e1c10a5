#include "connectord/reports/aggregate_report.h"

#include <charconv>
#include <pugixml.hpp>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"

namespace connectord::reports {
namespace {

constexpr std::size_t max_rows = 100'000;
constexpr std::size_t max_text = 300;
constexpr std::size_t max_identities = 20;

// "d:feedback" is feedback of whatever namespace.
std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) {
  for (const pugi::xml_node& node : parent.children()) {
    if (local_name(node) == name) return node;
  }
  return {};
}

std::string text_of(const pugi::xml_node& parent, std::string_view name) {
  return std::string(base::trimmed(child(parent, name).text().get()).substr(0, max_text));
}

template <class Number>
Number number_of(const pugi::xml_node& parent, std::string_view name) {
  const std::string text = text_of(parent, name);
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool says_pass(const pugi::xml_node& evaluated, std::string_view name) {
  return base::equals_ignoring_case(text_of(evaluated, name), "pass");
}

std::vector<CheckedIdentity> identities_of(const pugi::xml_node& results, std::string_view name) {
  std::vector<CheckedIdentity> identities;
  for (const pugi::xml_node& node : results.children()) {
    if (local_name(node) != name || identities.size() == max_identities) continue;
    identities.push_back({.domain = text_of(node, "domain"),
                          .selector = text_of(node, "selector"),
                          .result = base::to_lower(text_of(node, "result")),
                          .scope = text_of(node, "scope"),
                          .note = text_of(node, "human_result")});
  }
  return identities;
}

std::vector<OverrideReason> reasons_of(const pugi::xml_node& evaluated) {
  std::vector<OverrideReason> reasons;
  for (const pugi::xml_node& node : evaluated.children()) {
    if (local_name(node) != "reason" || reasons.size() == max_identities) continue;
    reasons.push_back({.type = text_of(node, "type"), .comment = text_of(node, "comment")});
  }
  return reasons;
}

AggregateRow row_of(const pugi::xml_node& record) {
  const pugi::xml_node row = child(record, "row");
  const pugi::xml_node evaluated = child(row, "policy_evaluated");
  const pugi::xml_node identifiers = child(record, "identifiers");
  const pugi::xml_node results = child(record, "auth_results");
  return {.source = text_of(row, "source_ip"),
          .count = number_of<std::uint64_t>(row, "count"),
          .disposition = base::to_lower(text_of(evaluated, "disposition")),
          .dkim_aligned = says_pass(evaluated, "dkim"),
          .spf_aligned = says_pass(evaluated, "spf"),
          .reasons = reasons_of(evaluated),
          .header_from = base::to_lower(text_of(identifiers, "header_from")),
          .envelope_from = base::to_lower(text_of(identifiers, "envelope_from")),
          .dkim = identities_of(results, "dkim"),
          .spf = identities_of(results, "spf")};
}

PublishedPolicy policy_of(const pugi::xml_node& published) {
  return {.subdomains = base::to_lower(text_of(published, "sp")),
          .non_existent = base::to_lower(text_of(published, "np")),
          .adkim = base::to_lower(text_of(published, "adkim")),
          .aspf = base::to_lower(text_of(published, "aspf")),
          .failure_options = text_of(published, "fo"),
          .testing = base::to_lower(text_of(published, "testing")),
          .discovery_method = base::to_lower(text_of(published, "discovery_method"))};
}

}  // namespace

tl::expected<AggregateReport, std::string> read_aggregate_report(std::string_view xml) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size(), pugi::parse_default);
  if (!parsed) {
    return tl::unexpected("its XML is broken at byte " + std::to_string(parsed.offset) + ": " + parsed.description());
  }
  const pugi::xml_node root = child(document, "feedback");
  if (!root)
    return tl::unexpected(std::string("it is XML, but no DMARC aggregate report: its element is not <feedback>"));
  const pugi::xml_node metadata = child(root, "report_metadata");
  const pugi::xml_node range = child(metadata, "date_range");
  const pugi::xml_node published = child(root, "policy_published");
  AggregateReport report{.organization = text_of(metadata, "org_name"),
                         .email = text_of(metadata, "email"),
                         .id = text_of(metadata, "report_id"),
                         .error = text_of(metadata, "error"),
                         .generator = text_of(metadata, "generator"),
                         .begin = number_of<std::int64_t>(range, "begin"),
                         .end = number_of<std::int64_t>(range, "end"),
                         .domain = base::to_lower(text_of(published, "domain")),
                         .policy = base::to_lower(text_of(published, "p")),
                         .published = policy_of(published),
                         .rows = {}};
  if (report.domain.empty()) {
    return tl::unexpected(std::string("it does not say which domain it is about (policy_published, domain)"));
  }
  for (const pugi::xml_node& node : root.children()) {
    if (local_name(node) != "record") continue;
    if (report.rows.size() == max_rows) return tl::unexpected("it has more than " + std::to_string(max_rows) + " rows");
    report.rows.push_back(row_of(node));
  }
  return report;
}

}  // namespace connectord::reports
