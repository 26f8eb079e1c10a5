#include "include.h"

#include <glob.h>

#include <algorithm>

#include "quote.h"

namespace connectord::config {
namespace {

std::string beside(std::string_view pattern, std::string_view file_name) {
  const auto slash = file_name.rfind('/');
  if (pattern.starts_with('/') || slash == std::string_view::npos) return std::string(pattern);
  return std::string(file_name.substr(0, slash + 1)) + std::string(pattern);
}

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

struct Matches {
  Matches() = default;
  ~Matches() { ::globfree(&found); }
  Matches(const Matches&) = delete;
  Matches& operator=(const Matches&) = delete;

  glob_t found{};
};

}  // namespace

tl::expected<std::vector<std::string>, std::string> expand_include(std::string_view pattern,
                                                                   std::string_view file_name) {
  const std::string path = beside(pattern, file_name);
  if (!is_pattern(pattern)) return std::vector<std::string>{path};
  Matches matches;
  const int result = ::glob(path.c_str(), GLOB_NOSORT, nullptr, &matches.found);
  if (result == GLOB_NOMATCH) return std::vector<std::string>{};
  if (result != 0) return tl::unexpected("cannot look for " + in_quotes(path));
  std::vector<std::string> files(matches.found.gl_pathv, matches.found.gl_pathv + matches.found.gl_pathc);
  // By bytes, so that the order doesn't change with the locale.
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace connectord::config
