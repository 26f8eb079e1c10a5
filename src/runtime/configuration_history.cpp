#include "connectord/runtime/configuration_history.h"

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <tl/expected.hpp>
#include <utility>

#include "connectord/base/accounts.h"
#include "connectord/base/digest.h"
#include "connectord/base/files.h"
#include "connectord/base/json.h"
#include "connectord/runtime/health.h"

namespace connectord::runtime {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_loads = 100;
constexpr std::size_t max_changes = 100;  // of a load

constexpr std::size_t max_marks = 20;  // of a load

Json to_json(const ConfigurationHistory::Load& load) {
  Json object{{"generation", load.generation}, {"time", load.time}, {"who", load.who}, {"changes", Json::array()}};
  for (const config::SettingChange& change : load.changes) object["changes"].push_back(to_json(change));
  object["files"] = Json::array();
  for (const FileMark& mark : load.files) {
    object["files"].push_back({{"path", mark.path}, {"owner", mark.owner}, {"modified", mark.modified}});
  }
  return object;
}

ConfigurationHistory::Load load_of(const Json& object) {
  const auto text_of = [](const Json& one, const char* key) { return one.at(key).get<std::string>(); };
  ConfigurationHistory::Load load{.generation = object.at("generation").get<std::uint64_t>(),
                                  .time = object.at("time").get<std::int64_t>(),
                                  .who = text_of(object, "who")};
  for (const Json& change : object.at("changes")) {
    const auto text = [&](const char* key) { return text_of(change, key); };
    load.changes.push_back({text("table"), text("name"), text("key"), text("before"), text("after"), text("file")});
  }
  // connectorctl may be newer than what runs.
  for (const Json& mark : object.value("files", Json::array())) {
    load.files.push_back({text_of(mark, "path"), text_of(mark, "owner"), mark.at("modified").get<std::int64_t>()});
  }
  return load;
}

std::string owner_of(const struct stat& info) {
  const auto account = base::find_account(info.st_uid);
  return account ? account->name : "uid " + std::to_string(info.st_uid);
}

Json loads_to_keep(const std::deque<ConfigurationHistory::Load>& loads) {
  std::vector<Json> newest_first;
  std::size_t size = 0;
  for (auto load = loads.rbegin(); load != loads.rend(); ++load) {
    newest_first.push_back(to_json(*load));
    size += base::json_text(newest_first.back()).size();
    if (size > ConfigurationHistory::max_kept_loads) break;
  }
  Json kept = Json::array();
  std::move(newest_first.rbegin(), newest_first.rend(), std::back_inserter(kept));
  return kept;
}

tl::expected<void, std::string> write_privately(const std::string& file, const std::string& text) {
  if (file.empty()) return {};
  return base::replace_file(file, text, {.mode = 0600});
}

}  // namespace

std::vector<FileMark> file_marks(const std::vector<config::SettingChange>& changes) {
  std::vector<FileMark> marks;
  for (const config::SettingChange& change : changes) {
    const auto is_same = [&](const FileMark& mark) { return mark.path == change.file; };
    struct stat info {};
    if (marks.size() == max_marks || std::any_of(marks.begin(), marks.end(), is_same)) continue;
    if (::stat(change.file.c_str(), &info) != 0) continue;
    marks.push_back({change.file, owner_of(info), info.st_mtim.tv_sec});
  }
  return marks;
}

tl::expected<void, std::string> ConfigurationHistory::loaded(Load load, const config::SourceTexts& sources,
                                                             std::vector<std::string> waiting) {
  std::vector<Packed> packed;
  packed.reserve(sources.size());
  for (const config::SourceText& source : sources) packed.push_back(pack(source));
  std::string file;
  std::string text;
  {
    const base::MutexLock lock(mutex_);
    const bool is_start = generation_ == 0;
    generation_ = load.generation;
    if (is_start) {
      start_ = std::move(load);
    } else {
      load.changes = config::setting_changes(this->sources(), sources, max_changes);
      add(std::move(load));
    }
    files_ = std::move(packed);
    waiting_ = std::move(waiting);
    file = kept_in_;
    if (!file.empty()) text = text_to_keep();
  }
  return write_privately(file, text);
}

tl::expected<void, std::string> ConfigurationHistory::keep_in(const std::string& file) {
  const auto kept = base::read_file(file, 2 * (max_kept_texts + max_kept_loads));
  tl::expected<RunningConfiguration, std::string> before = RunningConfiguration{};
  if (kept) {
    before = read_running_configuration(*kept).map_error([&](const std::string& why) { return file + ": " + why; });
  } else if (kept.error() != std::errc::no_such_file_or_directory) {
    before = tl::unexpected(file + ": " + kept.error().message());
  }
  std::string text;
  {
    const base::MutexLock lock(mutex_);
    kept_in_ = file;
    if (before) take_up(std::move(*before));
    text = text_to_keep();
  }
  if (!before) return tl::unexpected(before.error());
  return write_privately(file, text);
}

void ConfigurationHistory::add(Load load) {
  if (load.changes.empty()) return;
  load.files = file_marks(load.changes);
  loads_.push_back(std::move(load));
  if (loads_.size() > max_loads) loads_.pop_front();
}

void ConfigurationHistory::take_up(RunningConfiguration before) {
  // The texts of a large configuration are not kept, and then there is nothing to compare.
  if (!before.files.empty()) {
    start_.changes = config::setting_changes(before.files, sources(), max_changes);
    add(std::move(start_));
  }
  for (auto load = before.loads.rbegin(); load != before.loads.rend() && loads_.size() < max_loads; ++load) {
    load->generation = 0;
    loads_.push_front(std::move(*load));
  }
}

std::string ConfigurationHistory::text_to_keep() const {
  Json document{{"generation", generation_}, {"files", Json::array()}, {"loads", loads_to_keep(loads_)}};
  document["waits_for_restart"] = Json::array();
  const std::size_t size = std::accumulate(files_.begin(), files_.end(), std::size_t{0},
                                           [](std::size_t sum, const Packed& file) { return sum + file.size; });
  for (const Packed& file : files_) {
    if (size > max_kept_texts) break;
    const config::SourceText source = unpack(file);
    document["files"].push_back({{"path", source.path}, {"text", source.text}});
  }
  return base::json_text(document);
}

std::vector<ConfigurationHistory::Load> ConfigurationHistory::loads() const {
  const base::MutexLock lock(mutex_);
  return {loads_.begin(), loads_.end()};
}

std::vector<std::string> ConfigurationHistory::waiting() const {
  const base::MutexLock lock(mutex_);
  return waiting_;
}

std::string ConfigurationHistory::last_change() const {
  const base::MutexLock lock(mutex_);
  if (loads_.empty()) return "";
  const Load& last = loads_.back();
  const std::size_t others = last.changes.size() - 1;
  return to_string(last.changes.back()) + (others > 0 ? ", and " + std::to_string(others) + " more" : "") + ", by " +
         last.who;
}

std::string ConfigurationHistory::document() const {
  const base::MutexLock lock(mutex_);
  Json document{{"generation", generation_}, {"files", Json::array()}, {"loads", Json::array()}};
  for (const Packed& file : files_) {
    const config::SourceText source = unpack(file);
    document["files"].push_back({{"path", source.path}, {"text", source.text}});
  }
  for (const Load& load : loads_) document["loads"].push_back(to_json(load));
  document["waits_for_restart"] = waiting_;
  return base::json_text(document);
}

ConfigurationHistory::Packed ConfigurationHistory::pack(const config::SourceText& source) {
  Packed packed{source.path, {}, source.text.size()};
  uLongf length = ::compressBound(static_cast<uLong>(source.text.size()));
  packed.bytes.resize(length);
  const int result = ::compress2(reinterpret_cast<Bytef*>(packed.bytes.data()), &length,
                                 reinterpret_cast<const Bytef*>(source.text.data()),
                                 static_cast<uLong>(source.text.size()), Z_BEST_SPEED);
  packed.bytes.resize(result == Z_OK ? length : 0);
  packed.bytes.shrink_to_fit();
  return packed;
}

config::SourceText ConfigurationHistory::unpack(const Packed& packed) {
  config::SourceText source{packed.path, std::string(packed.size, '\0')};
  auto length = static_cast<uLongf>(packed.size);
  ::uncompress(reinterpret_cast<Bytef*>(source.text.data()), &length,
               reinterpret_cast<const Bytef*>(packed.bytes.data()), static_cast<uLong>(packed.bytes.size()));
  return source;
}

config::SourceTexts ConfigurationHistory::sources() const {
  config::SourceTexts texts;
  texts.reserve(files_.size());
  for (const Packed& file : files_) texts.push_back(unpack(file));
  return texts;
}

std::string running_configuration_socket_name(const std::string& configuration) {
  return "connectord-running-" + base::sha256_hex(resolved_path(configuration));
}

tl::expected<RunningConfiguration, std::string> read_running_configuration(std::string_view text) {
  try {
    const Json document = base::parse_json(text);
    if (document.is_discarded()) return tl::unexpected(std::string("it is no JSON"));
    RunningConfiguration running;
    running.generation = document.at("generation").get<std::uint64_t>();
    for (const Json& file : document.at("files")) {
      running.files.push_back({file.at("path").get<std::string>(), file.at("text").get<std::string>()});
    }
    for (const Json& load : document.at("loads")) running.loads.push_back(load_of(load));
    running.waits_for_restart = document.at("waits_for_restart").get<std::vector<std::string>>();
    return running;
  } catch (const Json::exception& error) {
    return tl::unexpected(std::string(error.what()));
  }
}

}  // namespace connectord::runtime
