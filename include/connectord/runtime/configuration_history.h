#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/base/mutex.h"
#include "connectord/config/setting_changes.h"

namespace connectord::runtime {

struct RunningConfiguration;

// What a file itself says of who edited it. Who that was is not known: anybody may be root.
struct FileMark {
  std::string path;
  std::string owner;          // a name, or "uid 1000" where there is none
  std::int64_t modified = 0;  // seconds since 1970

  friend bool operator==(const FileMark&, const FileMark&) = default;
};

// Of each file that the changes name, as it is now; those that are gone are left out.
std::vector<FileMark> file_marks(const std::vector<config::SettingChange>& changes);

// The files of the running configuration as they were read, and what each load has changed. The texts are kept
// compressed, since nobody asks for them but at a question. Thread-safe.
class ConfigurationHistory {
 public:
  // One load that changed something.
  struct Load {
    std::uint64_t generation = 0;  // 0: of a process before this one
    std::int64_t time = 0;         // seconds since 1970
    std::string who;               // "the start", "a reload", or who changed it through the API
    std::vector<config::SettingChange> changes{};
    std::vector<FileMark> files{};  // where the changes stand, as they were then
  };

  // A configuration runs from now on. `waiting` are the keys that count after a restart only. On failure says why
  // others will not know of it after a restart.
  tl::expected<void, std::string> loaded(Load load, const config::SourceTexts& sources,
                                         std::vector<std::string> waiting);
  // Takes up what a process before this one has kept in that file, with what was changed between its end and the start
  // of this one, and keeps everything there from now on. Called once, after the first loaded(). On failure says why;
  // what cannot be read is written anew by the next load.
  tl::expected<void, std::string> keep_in(const std::string& file);

  std::vector<Load> loads() const;
  // Empty where nothing waits for a restart.
  std::vector<std::string> waiting() const;
  // In words, the last one; empty where none is known.
  std::string last_change() const;

  // What runs, as JSON: "generation", "files" with "path" and "text", "loads" and "waits_for_restart".
  std::string document() const;

  // Of the file that is kept: beyond the first, the texts are left out, so that the next start cannot be compared;
  // beyond the second, the oldest loads.
  static constexpr std::size_t max_kept_texts = std::size_t{8} << 20;
  static constexpr std::size_t max_kept_loads = std::size_t{1} << 20;

 private:
  struct Packed {
    std::string path;
    std::string bytes;
    std::size_t size = 0;
  };

  static Packed pack(const config::SourceText& source);
  static config::SourceText unpack(const Packed& packed);
  config::SourceTexts sources() const REQUIRES(mutex_);
  void add(Load load) REQUIRES(mutex_);
  void take_up(RunningConfiguration before) REQUIRES(mutex_);
  std::string text_to_keep() const REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  std::uint64_t generation_ GUARDED_BY(mutex_) = 0;
  std::vector<Packed> files_ GUARDED_BY(mutex_);
  std::deque<Load> loads_ GUARDED_BY(mutex_);
  std::vector<std::string> waiting_ GUARDED_BY(mutex_);
  Load start_ GUARDED_BY(mutex_);
  std::string kept_in_ GUARDED_BY(mutex_);  // empty: nowhere
};

// The name in the abstract namespace under which the process with that configuration file gives document() to root and
// to its own user.
std::string running_configuration_socket_name(const std::string& configuration);

// What another process has reported by document().
struct RunningConfiguration {
  std::uint64_t generation = 0;
  config::SourceTexts files;
  std::vector<ConfigurationHistory::Load> loads;
  std::vector<std::string> waits_for_restart;
};
// On failure says what is odd.
tl::expected<RunningConfiguration, std::string> read_running_configuration(std::string_view document);

}  // namespace connectord::runtime
