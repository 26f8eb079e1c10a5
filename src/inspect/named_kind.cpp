#include "named_kind.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "file_kind.h"

namespace connectord::inspect {
namespace {

constexpr auto message_extensions = std::to_array<std::string_view>({"eml", "mht", "mhtml"});
constexpr auto known_extensions = std::to_array<std::string_view>(
    {"7z",   "ace", "arj", "bz2", "cab",  "doc", "docm", "docx", "gz",   "iso", "jar",  "lha", "lzh",
     "odp",  "ods", "odt", "ole", "one",  "pdf", "ppt",  "pptm", "pptx", "r00", "rar",  "tar", "tbz",
     "tbz2", "tgz", "txz", "vhd", "vhdx", "xls", "xlsm", "xlsx", "xz",   "zip", "zipx", "zst"});

bool has_any(const std::vector<std::string>& names, std::span<const std::string_view> extensions) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::find(extensions.begin(), extensions.end(), extension_of(name)) != extensions.end();
  });
}

}  // namespace

bool is_named_message(const std::vector<std::string>& names) {
  return has_any(names, message_extensions);
}

bool is_named_as_known(const std::vector<std::string>& names) {
  return has_any(names, known_extensions);
}

}  // namespace connectord::inspect
