#include "target.h"

#include <algorithm>

#include "connectord/base/hexadecimal.h"

namespace connectord::api {
namespace {

std::optional<std::string> decoded(std::string_view text, bool is_query) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += is_query && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? base::hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? base::hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return result;
}

bool is_path_segment(const std::string& segment) {
  if (segment.empty() || segment == "." || segment == "..") return false;
  return std::none_of(segment.begin(), segment.end(),
                      [](char c) { return c == '/' || c == '\\' || static_cast<unsigned char>(c) < ' '; });
}

// The parts between separators.
template <class Each>
bool split(std::string_view text, char separator, const Each& each) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (!each(text.substr(0, end))) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

}  // namespace

std::optional<std::string> Target::parameter(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::nullopt : std::optional(found->second);
}

tl::expected<Target, std::string> parse_target(std::string_view text) {
  if (!text.starts_with('/'))
    return tl::unexpected(std::string("the target is no path; write /api/exchange/connectors"));
  const auto question = std::min(text.find('?'), text.size());
  Target target;
  const bool ends_well = question == 1 || text[question - 1] != '/';
  const bool good_path = ends_well && split(text.substr(1, question - 1), '/', [&target](std::string_view part) {
                           auto segment = decoded(part, false);
                           if (!segment || !is_path_segment(*segment)) return false;
                           target.segments.push_back(std::move(*segment));
                           return true;
                         });
  if (!good_path) return tl::unexpected(std::string("the path has a part that is empty, dots, or wrongly encoded"));
  std::string repeated;
  const bool good_query =
      split(text.substr(std::min(question + 1, text.size())), '&', [&target, &repeated](std::string_view part) {
        const auto equals = std::min(part.find('='), part.size());
        auto name = decoded(part.substr(0, equals), true);
        auto value = decoded(part.substr(std::min(equals + 1, part.size())), true);
        if (!name || !value) return false;
        if (!target.query.emplace(*name, std::move(*value)).second) repeated = *name;
        return repeated.empty();
      });
  if (!repeated.empty()) return tl::unexpected("the parameter \"" + repeated + "\" is there twice");
  if (!good_query) return tl::unexpected(std::string("the query is wrongly encoded"));
  return target;
}

}  // namespace connectord::api
