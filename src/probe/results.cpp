#include "connectord/probe/results.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "connectord/base/files.h"
#include "connectord/base/json.h"

namespace connectord::probe {
namespace {

using Expected = tl::expected<void, std::string>;
using Json = nlohmann::json;

constexpr std::size_t largest = 4U << 20U;

// The value of a key, or an empty one where the file has none of that kind.
template <class T>
T value(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if constexpr (std::is_same_v<T, std::string>) return found->is_string() ? found->get<std::string>() : "";
  if constexpr (std::is_same_v<T, std::int64_t>) return found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

LastResult read(const Json& object) {
  LastResult result;
  result.time = value<std::int64_t>(object, "time");
  result.passed = value<std::string>(object, "result") == "passed";
  result.obstacle = value<std::string>(object, "obstacle");
  result.summary = value<std::string>(object, "summary");
  const auto certificates = object.find("certificates");
  if (certificates == object.end() || !certificates->is_array()) return result;
  for (const Json& each : *certificates) {
    if (!each.is_object()) continue;
    result.certificates.push_back({value<std::string>(each, "host"), value<std::string>(each, "sha256"),
                                   value<std::string>(each, "subject"), value<std::int64_t>(each, "not_after")});
  }
  return result;
}

}  // namespace

Expected Results::keep(const Report& report) const {
  if (!report.tried) return {};
  const std::string text = base::json_text(to_json(report), 1) + "\n";
  return base::replace_file(path_of(report.direction, report.connector), text, {.mode = 0644});
}

nlohmann::ordered_json to_json(const std::optional<LastResult>& last) {
  if (!last) return {};
  return {{"time", last->time},
          {"result", last->passed ? "passed" : "failed"},
          {"obstacle", last->obstacle},
          {"summary", last->summary}};
}

std::optional<LastResult> Results::find(Direction direction, std::string_view connector) const {
  const auto text = base::read_file(path_of(direction, connector), largest);
  if (!text) return std::nullopt;
  const Json object = base::parse_sorted_json(*text);
  if (!object.is_object()) return std::nullopt;
  return read(object);
}

std::function<std::optional<LastResult>(Direction, std::string_view)> Results::finder() const {
  std::unordered_set<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator each(folder_, error), end; !error && each != end; each.increment(error)) {
    files.insert(each->path().filename().string());
  }
  return [results = *this, files = std::move(files)](Direction direction, std::string_view connector) {
    return files.count(file_of(direction, connector)) > 0 ? results.find(direction, connector) : std::nullopt;
  };
}

// Names of connectors hold nothing that means something in a path, and the direction comes first.
std::string Results::file_of(Direction direction, std::string_view connector) {
  return std::string(to_string(direction)) + "-" + std::string(connector) + ".json";
}

std::string Results::path_of(Direction direction, std::string_view connector) const {
  return folder_ + "/" + file_of(direction, connector);
}

}  // namespace connectord::probe
