#include "connectord/config/trace_settings.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "source_file.h"

namespace connectord::config {
namespace {

constexpr std::string_view trace_header = "[trace]";

std::string_view stripped_line(std::string_view line) {
  const auto begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

// The lines of that table, of a text that need not be TOML anywhere else.
std::string lines_of_trace(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool is_header = stripped_line(line).starts_with('[');
    const bool is_ours = stripped_line(line).starts_with(trace_header);
    if (!lines.empty() && is_header) break;
    if (is_ours || !lines.empty()) lines.append(line).append("\n");
  }
  return lines;
}

std::optional<model::Trace> with_file(std::optional<model::Trace> trace) {
  return trace && !trace->store.empty() ? std::move(trace) : std::nullopt;
}

}  // namespace

TraceSettings trace_settings(const std::string& path, const Environment& environment) {
  Loaded loaded = load(path, environment);
  TraceSettings found{with_file(loaded.configuration.trace), {}, loaded.ok()};
  if (found.is_sound) found.configuration = std::move(loaded.configuration);
  if (found.trace || found.is_sound) return found;
  const auto file = SourceFile::read(path, toml_file);
  if (!file) return found;
  found.trace = with_file(std::move(parse(lines_of_trace(file->text), path, environment).configuration.trace));
  return found;
}

}  // namespace connectord::config
