// insights: what a person should look at.
#include <memory>
#include <ostream>

#include "commands.h"
#include "connectord/base/shell_word.h"
#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/insights/mutes.h"
#include "connectord/mta/running_daemon.h"
#include "finding_text.h"
#include "json_output.h"
#include "mail_server_options.h"
#include "running_policy.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
using insights::Insight;
using insights::Severity;

constexpr std::size_t severity_width = 10;

const char* colour_of(Severity severity) {
  return severity == Severity::critical ? red : severity == Severity::warning ? yellow : faint;
}

// "connectorctl trace --connector contoso --since 7d"
std::string search_command(const Insight& insight) {
  std::string command = "connectorctl trace";
  for (const auto& [key, value] : insight.search) {
    std::string option = key;
    for (char& c : option) c = c == '_' ? '-' : c;
    command += " --" + option + " " + base::shell_quoted(harmless(value));
  }
  return command;
}

void print_insight(const Insight& insight, const Terminal& terminal) {
  const Paint paint(terminal.colour);
  const std::string indent(severity_width, ' ');
  std::string severity(model::word_of(insight.severity));
  severity.resize(severity_width, ' ');
  std::ostream& out = terminal.out;
  out << paint(severity, colour_of(insight.severity)) << harmless(insight.what) << '\n';
  if (!insight.why.empty()) out << indent << harmless(insight.why) << '\n';
  std::size_t begin = 0;
  for (const char* mark = "-> "; begin < insight.write.size(); mark = "   ") {
    const auto end = std::min(insight.write.find('\n', begin), insight.write.size());
    out << indent << mark << harmless(insight.write.substr(begin, end - begin)) << '\n';
    begin = end + 1;
  }
  if (!insight.search.empty()) out << indent << "mail: " << search_command(insight) << '\n';
}

Status status_of_insights(const std::vector<const Insight*>& shown) {
  Severity worst = Severity::info;
  for (const Insight* insight : shown) worst = std::max(worst, insight->severity);
  if (worst == Severity::critical) return Status::critical;
  return worst == Severity::warning ? Status::warned : Status::answered;
}

Status print_found(const insights::Found& found, const insights::Mutes& mutes, const Terminal& terminal) {
  std::vector<const Insight*> shown;
  for (const Insight& insight : found.insights) {
    if (mutes.count(insight.id()) == 0) shown.push_back(&insight);
  }
  for (const Insight* insight : shown) print_insight(*insight, terminal);
  for (const auto& [area, why] : found.not_looked_at) {
    terminal.out << "note      " << area << " was not looked at: " << harmless(why) << '\n';
  }
  const std::size_t muted = found.insights.size() - shown.size();
  if (shown.empty()) terminal.out << "nothing needs to be looked at\n";
  if (muted > 0) terminal.out << muted << " muted; --json has them too\n";
  return status_of_insights(shown);
}

Status run_insights(const Common& common, const mta::MailServerPlaces& places, const Terminal& terminal) {
  const auto policy = running_or_complain(common, false, terminal);
  if (!policy) return Status::wrong_input;
  const model::Configuration& configuration = policy->configuration();
  const auto health = mta::ask_running_daemon(common.configuration, configuration.server.user);
  const auto now = base::unix_time();
  const Json known = health ? *health : Json(nullptr);
  const insights::Found found = insights::look({.policy = *policy, .places = places, .health = known, .now = now});
  const auto mutes = insights::read_mutes(insights::mutes_file(configuration), now);
  if (!mutes) terminal.error << "connectorctl: " << mutes.error() << '\n';
  const insights::Mutes known_mutes = mutes.value_or(insights::Mutes());
  if (!common.json) return print_found(found, known_mutes, terminal);
  print_json(to_json(found, known_mutes, now), terminal.out);
  return Status::answered;
}

}  // namespace

void add_insights_command(const CommandLine& line) {
  const Subcommand command =
      line.command("insights", "Tell what somebody should look at: mail, partners, certificates, the queue");
  const auto places = std::make_shared<mta::MailServerPlaces>();
  const MailServerOptions options(command, *places);
  command.callback([line, places, options] {
    options.note_named(*places);
    line.status = run_insights(line.common, *places, line.terminal);
  });
}

}  // namespace connectord::ctl
