#include "connectord/insights/mutes.h"

#include <nlohmann/json.hpp>

#include "connectord/base/files.h"
#include "connectord/base/json.h"
#include "connectord/base/json_values.h"
#include "connectord/base/time.h"
#include "connectord/trace/moment.h"

namespace connectord::insights {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t largest_mutes = std::size_t{1} << 20;

}  // namespace

std::string mutes_file(const model::Configuration& configuration) {
  return base::folder_of(configuration.server.history) + "insights.json";
}

tl::expected<Mutes, std::string> read_mutes(const std::string& file, std::int64_t now) {
  const auto text = base::read_file(file, largest_mutes);
  if (!text && text.error() == std::errc::no_such_file_or_directory) return Mutes();
  if (!text) return tl::unexpected(file + ": " + text.error().message());
  const Json whole = base::parse_json(*text);
  if (!whole.is_object()) return tl::unexpected(file + " is no JSON; remove it, and mute anew what was muted");
  Mutes mutes;
  for (const auto& [id, object] : whole.items()) {
    if (!object.is_object() || mutes.size() >= max_mutes) continue;
    const auto until = trace::parse_time(base::text_at(object, "until"));
    if (until && *until > now)
      mutes.emplace(id, Mute{base::text_at(object, "reason"), *until, base::text_at(object, "who")});
  }
  return mutes;
}

tl::expected<void, std::string> write_mutes(const std::string& file, const Mutes& mutes) {
  Json whole = Json::object();
  for (const auto& [id, mute] : mutes) whole[id] = to_json(mute);
  return base::replace_file(file, base::json_text(whole, 1) + "\n", {});
}

Json to_json(const Mute& mute) {
  return {{"reason", mute.reason}, {"until", base::utc_text(mute.until)}, {"who", mute.who}};
}

}  // namespace connectord::insights
