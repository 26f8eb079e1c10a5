#include "include.h"

#include <fnmatch.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

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

// Without links on the way; the name may be a pattern.
std::string resolved(const std::string& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error);
  return (std::filesystem::weakly_canonical(whole.parent_path(), error) / whole.filename()).string();
}

void apply(const FileChange& change, const std::string& pattern, std::vector<std::string>& files) {
  if (!matches_pattern(pattern, change.path)) return;
  std::erase(files, change.path);
  if (change.text) files.push_back(change.path);
}

// In the order of the disk.
std::vector<std::string> matching(const std::string& pattern, const SourceTexts& texts) {
  std::vector<std::string> files;
  for (const SourceText& text : texts) {
    if (matches_pattern(pattern, text.path)) files.push_back(text.path);
  }
  std::sort(files.begin(), files.end());
  return files;
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

bool is_included(const std::vector<std::string>& include, std::string_view main_file, const std::string& path) {
  return std::any_of(include.begin(), include.end(), [&](const std::string& pattern) {
    return matches_pattern(resolved(beside(pattern, main_file)), resolved(path));
  });
}

tl::expected<std::vector<std::string>, std::string> expand_include(std::string_view pattern, std::string_view file_name,
                                                                   const Environment& environment) {
  const std::string path = beside(pattern, file_name);
  if (!is_pattern(pattern)) return std::vector<std::string>{path};
  if (environment.files) return matching(path, *environment.files);
  Matches matches;
  const int result = ::glob(path.c_str(), GLOB_NOSORT, nullptr, &matches.found);
  if (result != 0 && result != GLOB_NOMATCH) return tl::unexpected("cannot look for " + in_quotes(path));
  std::vector<std::string> files(matches.found.gl_pathv, matches.found.gl_pathv + matches.found.gl_pathc);
  if (environment.change) apply(*environment.change, path, files);
  // By bytes, so that the order doesn't change with the locale.
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace connectord::config
