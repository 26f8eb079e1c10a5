// dns: what a domain publishes about its mail, judged.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/config/secret_file.h"
#include "connectord/net/display_control.h"
#include "connectord/net/domain_name.h"
#include "connectord/probe/domain_check.h"
#include "expected.h"
#include "table.h"
#include "validate_report.h"

namespace connectord::ctl {
namespace {

using probe::KnownSelector;

struct DnsArguments {
  std::string domain;
  std::vector<std::string> selectors;
  std::vector<std::string> addresses;
  bool no_connect = false;
};

// By which we sign mail of that domain: the entries with the most specific pattern (architecture.md, Signing).
std::vector<KnownSelector> selectors_of(const model::Configuration& configuration, const std::string& domain) {
  std::vector<KnownSelector> selectors;
  const auto reader = config::reader_of_secrets(configuration.server.user);
  for (const model::Signing& signing : configuration.signing) {
    if (!signing.domain.matches(domain)) continue;
    KnownSelector known{signing.domain.name(), signing.selector};
    auto key = reader ? config::read_secret_file(signing.key_file, *reader).and_then(&auth::DkimPrivateKey::parse)
                      : tl::unexpected(reader.error());
    if (key) {
      known.key = std::move(*key);
    } else {
      known.unknown_because = signing.key_file + ": " + key.error();
    }
    selectors.push_back(std::move(known));
  }
  return selectors;
}

Expected<void> add_selectors(const DnsArguments& arguments, probe::DomainOptions& options) {
  for (const std::string& text : arguments.selectors) {
    const auto selector = net::normalize_domain(text);
    if (!selector) return tl::unexpected("--selector: \"" + text + "\" is no selector");
    const bool known = std::any_of(options.selectors.begin(), options.selectors.end(),
                                   [&](const KnownSelector& each) { return each.selector == *selector; });
    if (!known) options.selectors.push_back({options.domain, *selector});
  }
  return {};
}

bool is_ours(const model::Configuration& configuration, const std::string& domain) {
  const auto& accepted = configuration.organization.accepted_domains;
  return std::any_of(accepted.begin(), accepted.end(), [&](const auto& pattern) { return pattern.matches(domain); });
}

Expected<probe::DomainOptions> options_of(const DnsArguments& arguments, const model::Configuration& configuration) {
  const auto domain = net::normalize_domain(arguments.domain);
  if (!domain) return tl::unexpected("\"" + arguments.domain + "\" is no domain; write contoso.com");
  probe::DomainOptions options;
  options.domain = *domain;
  options.selectors = selectors_of(configuration, *domain);
  if (auto added = add_selectors(arguments, options); !added) return tl::unexpected(added.error());
  for (const std::string& text : arguments.addresses) {
    const auto address = net::IpAddress::parse(text);
    if (!address) return tl::unexpected("--address: \"" + text + "\" is no IP address");
    options.senders.push_back(*address);
  }
  const bool ours = is_ours(configuration, *domain) || !options.selectors.empty();
  if (options.senders.empty() && ours) options.senders = probe::own_public_addresses();
  if (ours) options.host_name = net::normalize_domain(configuration.server.host_name).value_or("");
  options.connect = !arguments.no_connect;
  options.private_networks = configuration.validation.private_networks;
  return options;
}

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
  const auto options = options_of(arguments, configuration);
  if (!options) return complain(options.error());
  const auto resolver = session::make_resolver(configuration.dns);
  if (!resolver) return complain(resolver.error());
  const auto network = probe::make_network();
  probe::Services services{**resolver, *network, {}};
  StepPrinter printer(terminal.out, terminal.colour);
  if (!common.json) services.progress = [&printer](const probe::Step& step) { printer.print(step); };
  const probe::DomainReport report = probe::check_domain(*options, services);
  if (common.json) {
    terminal.out << net::escape_display_controls(
                        to_json(report).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace))
                 << '\n';
  } else {
    print_publications(report.publish, terminal.out);
    printer.print_end(report.report);
  }
  return report.report.passed ? Status::answered : Status::not_passed;
}

}  // namespace

void add_dns_command(const CommandLine& line) {
  CLI::App* command = line.command("dns", "Judge what a domain publishes about its mail, and say what is missing");
  const auto arguments = std::make_shared<DnsArguments>();
  command->add_option("domain", arguments->domain, "The domain, as it stands behind the @")->required();
  command->add_option("--selector", arguments->selectors, "A DKIM selector, beside those of [[signing]]");
  command->add_option("--address", arguments->addresses,
                      "From where its mail leaves; default for our own domains: this machine's public addresses");
  command->add_flag("--no-connect", arguments->no_connect, "Ask DNS only: no connection to its mail hosts");
  command->callback([line, arguments] { line.status = judge(line.common, *arguments, line.terminal); });
}

}  // namespace connectord::ctl
