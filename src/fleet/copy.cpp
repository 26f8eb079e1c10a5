#include "copy.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "connectord/base/files.h"
#include "connectord/base/symbolic_link.h"
#include "connectord/config/fleet_copy.h"

namespace connectord::fleet {
namespace {

namespace fs = std::filesystem;

// Of the numbers below the one that counts, all but the greatest.
void remove_older(const std::string& state, std::int64_t current) {
  std::vector<std::int64_t> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(state, error)) {
    const auto number = config::generation_of_copy(state, entry.path().string());
    if (number && *number != current) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end(), std::greater<>());
  for (std::size_t i = kept_copies; i < numbers.size(); ++i)
    fs::remove(config::fleet_copy_path(state, numbers[i]), error);
}

}  // namespace

tl::expected<void, std::string> keep_copy(const std::string& state, std::int64_t generation,
                                          std::string_view document) {
  const std::string path = config::fleet_copy_path(state, generation);
  if (auto written = base::replace_file(path, document, {.mode = 0644}); !written) return written;
  if (auto led = base::replace_link(state + "/current", fs::path(path).filename().string()); !led) return led;
  remove_older(state, generation);
  return {};
}

}  // namespace connectord::fleet
