#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/probe/report.h"

namespace connectord::probe {

// What is remembered of the last validation of a connector.
struct LastResult {
  std::int64_t time = 0;  // seconds since 1970
  bool passed = false;
  std::string obstacle;  // the word for it
  std::string summary;
  std::vector<SeenCertificate> certificates;
};

// For lists of connectors; null for one that was never validated.
nlohmann::ordered_json to_json(const std::optional<LastResult>& last);

// The last result of each connector, in a file of its own in one folder (validation.state). Whole reports are kept, as
// to_json() writes them. Thread-safe, and safe with several processes: a file is replaced as a whole.
class Results {
 public:
  explicit Results(std::string folder) : folder_(std::move(folder)) {}

  // Of a report of which nothing was tried, nothing is kept: what was seen last counts. The folder must be there
  // (runtime/folders.h).
  tl::expected<void, std::string> keep(const Report& report) const;
  // std::nullopt where there is none that can be read.
  std::optional<LastResult> find(Direction direction, std::string_view connector) const;
  // The same for many connectors: the folder is looked at once, so that those without a result cost nothing.
  std::function<std::optional<LastResult>(Direction, std::string_view)> finder() const;

 private:
  static std::string file_of(Direction direction, std::string_view connector);
  std::string path_of(Direction direction, std::string_view connector) const;

  std::string folder_;
};

}  // namespace connectord::probe
