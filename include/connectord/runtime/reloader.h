#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/base/mutex.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/runtime/services.h"

namespace connectord::runtime {

// A line of the log for each problem of the files.
void log_problems(log::Logger& log, const std::vector<model::Problem>& problems);

// The one way to another configuration in a running process: everything is read again, and runs only if all of it is
// good. Thread-safe; one change at a time.
class Reloader {
 public:
  // Until it goes, nobody else changes anything.
  using Held = std::unique_lock<base::Mutex>;
  struct Result {
    bool loaded = false;                   // false: nothing has changed
    std::vector<model::Problem> problems;  // of the files
    std::string failure;                   // besides; empty for none
  };

  // `path` is the main file. The services must outlive it. `loaded` is called with each configuration before it runs.
  Reloader(
      std::string path, const Services& services,
      std::function<void(const model::Configuration&)> loaded = [](const model::Configuration&) {});

  // What the files said from which the process was started.
  void started_with(const config::SourceTexts& sources);

  // As the files are now. Logs what it finds.
  Result reload();

  // Keeps others from changing anything, for whoever looks first and changes then.
  Held hold() { return Held(mutex_); }
  // As the files will be after `change`. If that is good, `commit` makes the change; only if it can does the new
  // configuration run. `held` is of hold(), `who` stands in the history.
  Result change(const Held& held, const config::FileChange& change, const std::string& who,
                const std::function<tl::expected<void, std::string>()>& commit);

  const std::string& main_file() const { return path_; }

 private:
  Result load(const config::Environment& environment, const std::string& who,
              const std::function<tl::expected<void, std::string>()>& commit);
  void run(LoadedPolicy&& loaded, std::shared_ptr<dns::Resolver> resolver, const std::string& who);
  void keep(const tl::expected<void, std::string>& kept);
  tl::expected<std::shared_ptr<dns::Resolver>, std::string> resolver_for(const model::Configuration& configuration);

  std::string path_;
  Services services_;
  std::function<void(const model::Configuration&)> loaded_;
  model::Configuration started_;  // what the process was started with, without what a new one changes
  base::Mutex mutex_;             // of a whole change; no session takes it, so the log may be written meanwhile
};

}  // namespace connectord::runtime
