#include "trace_arguments.h"

#include <ostream>

#include "connectord/config/trace_settings.h"
#include "connectord/fleet/archive.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/trace/sqlite_store.h"
#include "table.h"

namespace connectord::ctl {

Clock clock_of(const TraceArguments& arguments) {
  return Clock(arguments.utc ? trace::Zone::utc : trace::Zone::local);
}

namespace {

Expected<std::string> file_of(const config::TraceSettings& settings, const Common& common, const Terminal& terminal) {
  if (!settings.is_sound) {
    terminal.error << "connectorctl: the configuration does not load; see: connectorctl check\n";
  }
  if (settings.trace) return settings.trace->file();
  if (settings.is_sound) return tl::unexpected(common.configuration + " has no [trace], so none is kept");
  return tl::unexpected("no [trace] can be read in " + common.configuration + "; name the file: --file trace.db");
}

}  // namespace

Expected<OpenTrace> find_trace(const Common& common, const TraceArguments& arguments, const Terminal& terminal) {
  const auto of_file = [](const std::string& file) { return [file] { return trace::open_sqlite_archive(file); }; };
  if (!arguments.file.empty()) return of_file(arguments.file);
  const auto settings = config::trace_settings(common.configuration, runtime::environment_of_host());
  const auto file = file_of(settings, common, terminal);
  if (!file) return tl::unexpected(file.error());
  if (!settings.is_sound) return of_file(*file);
  const auto scope = arguments.local ? fleet::TraceScope::this_host : fleet::TraceScope::all;
  return [configuration = settings.configuration, scope] { return fleet::open_trace(configuration, scope); };
}

Expected<std::unique_ptr<trace::Archive>> open_trace(const Common& common, const TraceArguments& arguments,
                                                     const Terminal& terminal) {
  return find_trace(common, arguments, terminal).and_then([](const OpenTrace& open) { return open(); });
}

void tell_scope(const trace::Archive& archive, const Terminal& terminal) {
  const std::string why = archive.why_this_host_alone();
  if (!why.empty()) terminal.error << "connectorctl: of this host alone: " << harmless(why) << '\n';
}

}  // namespace connectord::ctl
