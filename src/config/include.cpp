#include "include.h"

#include <fnmatch.h>
#include <glob.h>

#include <algorithm>

#include "connectord/config/connector_files.h"
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

// As glob() would.
bool matches_pattern(const std::string& pattern, const std::string& path) {
  return ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

void apply(const FileChange& change, const std::string& pattern, std::vector<std::string>& files) {
  if (!matches_pattern(pattern, change.path)) return;
  std::erase(files, change.path);
  if (change.text) files.push_back(change.path);
}

}  // namespace

std::optional<std::string> included_path(const std::vector<std::string>& include, std::string_view main_file,
                                         const std::string& name) {
  for (const std::string& pattern : include) {
    const std::string path = beside(pattern, main_file);
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    if (is_pattern(folder) || !is_pattern(pattern)) continue;
    if (matches_pattern(path, folder + name)) return folder + name;
  }
  return std::nullopt;
}

tl::expected<std::vector<std::string>, std::string> expand_include(std::string_view pattern, std::string_view file_name,
                                                                   const std::optional<FileChange>& change) {
  const std::string path = beside(pattern, file_name);
  if (!is_pattern(pattern)) return std::vector<std::string>{path};
  Matches matches;
  const int result = ::glob(path.c_str(), GLOB_NOSORT, nullptr, &matches.found);
  if (result != 0 && result != GLOB_NOMATCH) return tl::unexpected("cannot look for " + in_quotes(path));
  std::vector<std::string> files(matches.found.gl_pathv, matches.found.gl_pathv + matches.found.gl_pathc);
  if (change) apply(*change, path, files);
  // By bytes, so that the order doesn't change with the locale.
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace connectord::config
