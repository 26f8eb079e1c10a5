#include "arc_fields.h"

#include <optional>

#include "connectord/auth/dkim_tags.h"
#include "connectord/base/ascii_case.h"
#include "connectord/base/number.h"

namespace connectord::auth {
namespace {

std::optional<unsigned> read_instance(std::string_view text) {
  const auto instance = base::whole_number<unsigned>(text);
  if (!instance || text.front() == '0' || *instance < 1 || *instance > max_arc_sets) return std::nullopt;
  return instance;
}

// "i=1; host.example; spf=pass …": the instance comes first (4.1.1). The rest is RFC 8601's, and no tag list.
std::optional<unsigned> instance_of_results(std::string_view value) {
  const std::string_view first = trim_dkim_space(value.substr(0, value.find(';')));
  const auto equals = first.find('=');
  if (equals == std::string_view::npos || trim_dkim_space(first.substr(0, equals)) != "i") return std::nullopt;
  const std::string_view digits = trim_dkim_space(first.substr(equals + 1));
  return digits.empty() ? std::nullopt : read_instance(digits);
}

std::optional<unsigned> instance_of_tags(std::string_view value) {
  const auto tags = DkimTags::parse(value);
  if (!tags) return std::nullopt;
  const auto digits = tags->value("i").value_or(std::string_view());
  return digits.empty() ? std::nullopt : read_instance(digits);
}

}  // namespace

tl::expected<std::vector<ArcFieldsOfSet>, std::string> collect_arc_fields(const DkimHeaders& headers) {
  std::vector<ArcFieldsOfSet> sets;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto field = headers.field(i);
    const auto name = trim_dkim_space(field.name);
    const bool is_results = base::equals_ignoring_case(name, arc_results_field);
    const bool is_signature = base::equals_ignoring_case(name, arc_message_signature_field);
    if (!is_results && !is_signature && !base::equals_ignoring_case(name, arc_seal_field)) continue;
    const auto instance = is_results ? instance_of_results(field.value) : instance_of_tags(field.value);
    if (!instance) return tl::unexpected(std::string("an ARC field has no instance from 1 to 50, or cannot be read"));
    if (sets.size() < *instance) sets.resize(*instance);
    ArcFieldsOfSet& set = sets[*instance - 1];
    auto& place = is_results ? set.results : is_signature ? set.message_signature : set.seal;
    if (place) return tl::unexpected("a field occurs twice of instance " + std::to_string(*instance));
    place = i;
  }
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (sets[i].results && sets[i].message_signature && sets[i].seal) continue;
    return tl::unexpected("a field is missing of instance " + std::to_string(i + 1));
  }
  return sets;
}

}  // namespace connectord::auth
