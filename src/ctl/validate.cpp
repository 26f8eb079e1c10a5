// validate: tries whether mail of a connector flows.
#include "connectord/probe/validate.h"

#include <fstream>
#include <memory>
#include <ostream>
#include <sstream>
#include <thread>

#include "commands.h"
#include "connectord/base/acting_as.h"
#include "connectord/base/files.h"
#include "connectord/base/number.h"
#include "connectord/config/connector_names.h"
#include "connectord/config/named_files.h"
#include "connectord/config/secret_file.h"
#include "connectord/model/entry_named.h"
#include "connectord/outbox/key.h"
#include "connectord/probe/results.h"
#include "connectord/runtime/credentials.h"
#include "connectord/runtime/folders.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/smtp/smtp_client.h"
#include "connectord/trace/sqlite_store.h"
#include "expected.h"
#include "json_output.h"
#include "running_policy.h"
#include "table.h"
#include "validate_report.h"

namespace connectord::ctl {
namespace {

using probe::Direction;

struct ValidateArguments {
  std::string name;
  std::string direction;
  std::string recipient;
  std::string sender;
  bool send = false;
  int wait = 60;
  bool revocation = false;
  std::string lists_file;
  int timeout = 0;
  int days = 7;
  std::string probe;
  std::string source;
  std::string certificate_file;
  std::string key_file;
  std::string postfix = mta::usual_postfix_folder();
  bool file_only = false;
};

template <class Connectors>
bool has(const Connectors& connectors, const std::string& name) {
  return model::entry_named(connectors, name) != nullptr;
}

// An inbound and an outbound connector may share a name.
tl::expected<Direction, std::string> direction_of(const ValidateArguments& arguments,
                                                  const model::Configuration& configuration) {
  const bool inbound = has(configuration.inbound, arguments.name) && arguments.direction != "outbound";
  const bool outbound = has(configuration.outbound, arguments.name) && arguments.direction != "inbound";
  if (inbound && outbound) {
    return tl::unexpected("there is an inbound and an outbound connector \"" + arguments.name +
                          "\"; add --direction inbound or --direction outbound");
  }
  if (inbound || outbound) return inbound ? Direction::inbound : Direction::outbound;
  return tl::unexpected(config::no_connector(arguments.name, config::connector_names(configuration)));
}

tl::expected<probe::OutboundOptions, std::string> outbound_options(const ValidateArguments& arguments) {
  if (!arguments.probe.empty() || !arguments.source.empty() || !arguments.certificate_file.empty()) {
    return tl::unexpected(std::string("--probe, --source, --cert and --key are for inbound connectors"));
  }
  probe::OutboundOptions options{.recipient = arguments.recipient,
                                 .sender = arguments.sender,
                                 .revocation = arguments.revocation,
                                 .send = arguments.send,
                                 .timeout = std::chrono::seconds(arguments.wait)};
  if (arguments.lists_file.empty()) return options;
  options.revocation = true;
  auto text = base::read_file(arguments.lists_file);
  if (!text) return tl::unexpected("--crl: cannot read " + arguments.lists_file);
  options.lists = std::move(*text);
  return options;
}

// "host:port", "[2001:db8::1]:25"
Expected<> read_host(const std::string& text, probe::InboundOptions& options) {
  const auto colon = text.rfind(':');
  const std::string host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  options.port = colon == std::string::npos ? std::uint16_t{0} : base::number_of(text.substr(colon + 1));
  options.host = bracketed ? host.substr(1, host.size() - 2) : host;
  if (options.port == 0 || options.host.empty() || (!bracketed && host.find(':') != std::string::npos)) {
    return tl::unexpected("--probe: \"" + text + "\" is no address and port; write 127.0.0.1:25 or [::1]:25");
  }
  return {};
}

tl::expected<probe::InboundOptions, std::string> inbound_options(const ValidateArguments& arguments) {
  probe::InboundOptions options;
  options.sender = arguments.sender;
  options.recipient = arguments.recipient;
  options.history = std::chrono::hours(24) * arguments.days;
  if (arguments.revocation || !arguments.lists_file.empty() || arguments.send) {
    return tl::unexpected(std::string("--revocation, --crl and --send are for outbound connectors"));
  }
  if (!arguments.probe.empty()) {
    if (auto read = read_host(arguments.probe, options); !read) return tl::unexpected(read.error());
  }
  if (!arguments.source.empty()) {
    options.source = net::IpAddress::parse(arguments.source);
    if (!options.source) return tl::unexpected("--source: \"" + arguments.source + "\" is no IP address");
  }
  if (arguments.certificate_file.empty() != arguments.key_file.empty()) {
    return tl::unexpected(std::string("--cert and --key go together"));
  }
  if (!arguments.certificate_file.empty()) {
    options.identity = smtp::Identity{arguments.certificate_file, arguments.key_file};
  }
  return options;
}

void keep(const probe::Report& report, const model::Configuration& configuration, const Terminal& terminal) {
  const probe::Results results(configuration.validation.state);
  const auto owner = config::reader_of_secrets(configuration.server.user);
  const auto kept = owner.and_then([&](const config::SecretReader& reader) -> Expected<void> {
    // As the daemon's user, whose folder it is: what lies there is no matter of root's.
    const base::Account account{reader.name, reader.uid, reader.gid, {}};
    if (auto ready = runtime::hand_over(runtime::Kept::results, configuration, account); !ready) return ready;
    const base::ActingAs acting(account);
    return acting.is_in_force() ? results.keep(report) : Expected<void>(tl::unexpect, "cannot act as " + account.name);
  });
  if (!kept) terminal.error << "connectorctl: the result is not kept: " << kept.error() << '\n';
}

// By which connectord knows that it is we who try our server. As the daemon's user, whose file it is.
std::optional<outbox::Key> mail_key_of(const model::Server& server, const Terminal& terminal) {
  const auto key = config::reader_of_secrets(server.user).and_then([&](const config::SecretReader& reader) {
    const base::ActingAs acting(base::Account{reader.name, reader.uid, reader.gid, {}});
    return outbox::Key::load_or_make(server.mail_key, reader);
  });
  if (key) return *key;
  terminal.error << "connectorctl: the message trace will have this as somebody's mail: " << key.error() << '\n';
  return std::nullopt;
}

// The message trace; nullptr where there is none, or none that can be read.
std::unique_ptr<trace::Archive> open_archive(const model::Configuration& configuration, const Terminal& terminal) {
  if (!configuration.trace) return nullptr;
  auto archive = trace::open_sqlite_archive(configuration.trace->file());
  if (archive) return std::move(*archive);
  terminal.error << "connectorctl: the message trace is not read: " << archive.error() << '\n';
  return nullptr;
}

// What is mistyped says nothing about the connector, so it makes no result.
Expected<> check_addresses(const ValidateArguments& arguments) {
  for (const auto& [option, address] :
       {std::pair("--rcpt-to", arguments.recipient), std::pair("--mail-from", arguments.sender)}) {
    if (address.empty() || smtp::is_plain_address(address)) continue;
    return tl::unexpected(std::string(option) + ": \"" + harmless(address) +
                          "\" is no address; write user@contoso.com, in ASCII");
  }
  return {};
}

// Validates, or says what is wrong with the arguments.
tl::expected<probe::Report, std::string> run(const engine::Policy& policy, const ValidateArguments& arguments,
                                             const probe::Services& services) {
  const auto direction = direction_of(arguments, policy.configuration());
  if (!direction) return tl::unexpected(direction.error());
  if (auto good = check_addresses(arguments); !good) return tl::unexpected(good.error());
  if (*direction == Direction::outbound) {
    const auto options = outbound_options(arguments);
    if (!options) return tl::unexpected(options.error());
    // OpenSSL opens the key when it is needed, and nothing else that is done here needs root.
    const auto* connector = model::entry_named(policy.configuration().outbound, arguments.name);
    const config::NamedFileRights rights(policy.configuration(), connector->location);
    return probe::validate_outbound(policy, arguments.name, *options, services).value();
  }
  const auto options = inbound_options(arguments);
  if (!options) return tl::unexpected(options.error());
  return probe::validate_inbound(policy, arguments.name, *options, services).value();
}

Status validate(const Common& common, const ValidateArguments& arguments, const Terminal& terminal) {
  const auto complain = [&terminal](const std::string& problem) {
    terminal.error << "connectorctl: " << problem << '\n';
    return Status::wrong_input;
  };
  const auto policy = running_or_complain(common, arguments.file_only, terminal);
  if (!policy) return Status::wrong_input;
  const model::Configuration& configuration = policy->configuration();
  const auto resolver = runtime::make_resolver(configuration.dns);
  if (!resolver) return complain(resolver.error());
  const auto network = smtp::make_network();
  probe::Services services{**resolver, *network, [&](const std::string&) {
                             const auto& connector = *model::entry_named(configuration.outbound, arguments.name);
                             return runtime::read_credential_file(configuration, connector);
                           }};
  const auto archive = open_archive(configuration, terminal);
  services.archive = archive.get();
  services.trust = mta::client_trust_of(arguments.postfix);
  const bool tries_own_server = arguments.send || !arguments.probe.empty();
  const auto key = tries_own_server ? mail_key_of(configuration.server, terminal) : std::nullopt;
  services.mail_key = key ? &*key : nullptr;
  services.pause = [](std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);
    return true;
  };
  if (arguments.timeout > 0) {
    const std::chrono::seconds limit(arguments.timeout);
    services.limits = {limit, limit, limit, services.limits.whole};
  }
  StepPrinter printer(terminal.out, terminal.colour);
  if (!common.json) services.progress = [&printer](const probe::Step& step) { printer.print(step); };
  const auto report = run(*policy, arguments, services);
  if (!report) return complain(report.error());
  if (common.json) {
    print_json(to_json(*report), terminal.out);
  } else {
    printer.print_end(*report);
  }
  keep(*report, configuration, terminal);
  return report->passed ? Status::answered : Status::not_passed;
}

}  // namespace

void add_validate_command(const CommandLine& line) {
  const Subcommand command = line.command("validate", "Try whether mail of a connector flows");
  const auto arguments = std::make_shared<ValidateArguments>();
  command.add_option("name", arguments->name, "The connector's name").required();
  command.add_option("--direction", arguments->direction, "Which one, where two share the name")
      .one_of({"inbound", "outbound"});
  command.add_option("--rcpt-to", arguments->recipient, "An address to give in RCPT TO");
  command.add_option("--mail-from", arguments->sender, "The address to give in MAIL FROM; default: the null sender");
  command.add_flag("--send", arguments->send,
                   "Outbound: send a test message by our own mail server, and follow it in the message trace");
  command.add_option("--wait", arguments->wait, "How many seconds to wait for the test message to arrive")
      .between(1, 240)
      .capture_default_str();
  command.add_option("--timeout", arguments->timeout, "How many seconds to wait in each step; default: 15 to 30")
      .between(1, 300);
  command.add_flag("--revocation", arguments->revocation, "Outbound: ask whether the certificate was revoked");
  command.add_option("--crl", arguments->lists_file, "Outbound: a file with lists of revoked certificates, in PEM");
  command.add_option("--postfix-config", arguments->postfix, "The folder of main.cf, which says whom Postfix trusts")
      .capture_default_str();
  command.add_option("--days", arguments->days, "Inbound: how many days back to look into the message trace")
      .between(1, 3650)
      .capture_default_str();
  command.add_option("--probe", arguments->probe, "Inbound: open a session to HOST:PORT, an address of this machine");
  command.add_option("--source", arguments->source, "Inbound: the address to connect from");
  command.add_option("--cert", arguments->certificate_file, "Inbound: the client certificate to show, in PEM");
  command.add_option("--key", arguments->key_file, "Inbound: its key");
  add_file_only_option(command, arguments->file_only);
  command.callback([line, arguments] { line.status = validate(line.common, *arguments, line.terminal); });
}

}  // namespace connectord::ctl
