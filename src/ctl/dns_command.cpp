// dns: what a domain publishes about its mail, judged.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/mta/outgoing_addresses.h"
#include "connectord/probe/domain_check.h"
#include "dns_options.h"
#include "json_output.h"
#include "table.h"
#include "validate_report.h"

namespace connectord::ctl {
namespace {

void print_publications(const std::vector<probe::Publication>& publish, std::ostream& out) {
  if (publish.empty()) return;
  out << "\n# What to publish, as lines of a zone file:\n";
  for (const auto& [line, reason] : publish) out << "# " << harmless(reason) << '\n' << harmless(line) << '\n';
}

Status judge(const Common& common, const DnsArguments& arguments, const Terminal& terminal) {
  const auto complain = [&terminal](const std::string& problem) {
    terminal.error << "connectorctl: " << problem << '\n';
    return Status::wrong_input;
  };
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return Status::wrong_input;
  const model::Configuration& configuration = policy->configuration();
  const auto options = dns_options(arguments, configuration, mta::addresses_mail_leaves_by(arguments.postfix));
  if (!options) return complain(options.error());
  const auto resolver = runtime::make_resolver(configuration.dns);
  if (!resolver) return complain(resolver.error());
  const auto network = smtp::make_network();
  probe::Services services{**resolver, *network, {}};
  StepPrinter printer(terminal.out, terminal.colour);
  if (!common.json) services.progress = [&printer](const probe::Step& step) { printer.print(step); };
  const probe::DomainReport report = probe::check_domain(*options, services);
  if (common.json) {
    print_json(to_json(report), terminal.out);
  } else {
    print_publications(report.publish, terminal.out);
    printer.print_end(report.report);
  }
  return report.report.passed ? Status::answered : Status::not_passed;
}

}  // namespace

void add_dns_command(const CommandLine& line) {
  const Subcommand command =
      line.command("dns", "Judge what a domain publishes about its mail, and say what is missing");
  const auto arguments = std::make_shared<DnsArguments>();
  command.add_option("domain", arguments->domain, "The domain, as it stands behind the @").required();
  command.add_option("--selector", arguments->selectors, "A DKIM selector, beside those of [[signing]]");
  command.add_option("--address", arguments->addresses,
                     "From where its mail leaves; default for our own domains: by which it leaves this machine");
  command.add_option("--postfix-config", arguments->postfix, "The folder of Postfix's main.cf, which may bind them")
      .capture_default_str();
  command.add_flag("--no-connect", arguments->no_connect, "Ask DNS only: no connection to its mail hosts");
  command.callback([line, arguments] { line.status = judge(line.common, *arguments, line.terminal); });
}

}  // namespace connectord::ctl
