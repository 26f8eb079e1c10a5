// explain: one imagined message goes the way of a real one.
#include "connectord/simulate/explain.h"

#include <algorithm>
#include <istream>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/base/files.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/trace/moment.h"
#include "destination.h"
#include "expected.h"
#include "explain_report.h"
#include "input.h"
#include "json_output.h"
#include "moment_argument.h"
#include "running_policy.h"

namespace connectord::ctl {
namespace {

struct ExplainArguments {
  simulate::Question question;
  std::string message_file;
  std::string output;
  std::string at;
  bool file_only = false;
};

Expected<> read_message(ExplainArguments& arguments, std::istream& in) {
  if (arguments.message_file.empty()) return {};
  auto text = read_input(arguments.message_file, in);
  if (!text) return tl::unexpected("--message: " + text.error());
  arguments.question.message = std::move(*text);
  return {};
}

Expected<> read_time(ExplainArguments& arguments) {
  if (arguments.at.empty()) return {};
  const auto moment = trace::parse_moment(arguments.at, now_in_milliseconds(), trace::Zone::local);
  if (!moment) return tl::unexpected("--at: \"" + arguments.at + "\" is no time; write 2026-11-21T12:00:00Z");
  arguments.question.at = *moment / 1000;
  return {};
}

// "--client-ip: …"
std::string in_options(const simulate::InvalidArgument& unclear) {
  std::string option(unclear.field);
  std::replace(option.begin(), option.end(), '_', '-');
  return "--" + option + ": " + unclear.message;
}

tl::expected<simulate::Explanation, std::string> answer(const Common& common, const ExplainArguments& arguments,
                                                        const Terminal& terminal) {
  auto policy = running_or_complain(common, arguments.file_only, terminal);
  if (!policy) return tl::unexpected(std::string());
  auto resolver = runtime::make_resolver(policy->configuration().dns);
  if (!resolver) return tl::unexpected(resolver.error());
  return simulate::explain({std::move(policy), std::move(*resolver), {}, 1}, arguments.question).map_error(in_options);
}

// What destinations publish about their TLS, where any of that counts and can be asked.
void look_at_destinations(simulate::Explanation& explanation) {
  if (!look_at(simulate::hops_of(explanation), explanation.policy->configuration())) {
    for (simulate::ExplainedRoute& route : explanation.routes) route.hops.clear();
  }
}

// What the message would be after all changes.
Expected<> write_message(const ExplainArguments& arguments, const simulate::Explanation& explanation) {
  if (arguments.output.empty()) return {};
  if (arguments.message_file.empty())
    return tl::unexpected(std::string("--output: there is no message; add --message"));
  if (explanation.leaves_as.empty()) {
    return tl::unexpected(std::string("--output: nothing is written, since the message does not go on"));
  }
  return base::replace_file(arguments.output, explanation.leaves_as, {.mode = 0600}).map_error([](const auto& error) {
    return "--output: " + error;
  });
}

Status explain(const Common& common, ExplainArguments& arguments, const Terminal& terminal) {
  auto explanation = read_time(arguments).and_then([&] { return read_message(arguments, terminal.in); }).and_then([&] {
    return answer(common, arguments, terminal);
  });
  if (!explanation) {
    if (!explanation.error().empty()) terminal.error << "connectorctl: " << explanation.error() << '\n';
    return Status::wrong_input;
  }
  look_at_destinations(*explanation);
  if (common.json) {
    print_json(simulate::to_json(*explanation), terminal.out);
  } else {
    print_text(terminal.out, *explanation, terminal.colour);
  }
  if (const auto written = write_message(arguments, *explanation); !written) {
    terminal.error << "connectorctl: " << written.error() << '\n';
    return Status::wrong_input;
  }
  return Status::answered;
}

}  // namespace

void add_explain_command(const CommandLine& line) {
  const Subcommand command = line.command("explain", "Tell what would become of a message, and why");
  const auto arguments = std::make_shared<ExplainArguments>();
  command.add_option("--client-ip", arguments->question.client_ip, "The client's address").required();
  command.add_option("--client-port", arguments->question.client_port, "The client's port").between(1, 65535);
  command.add_option("--client-name", arguments->question.client_name, "The client's host name");
  command.add_option("--helo", arguments->question.helo, "The name in HELO or EHLO");
  command.add_option("--mail-from", arguments->question.mail_from, "The address in MAIL FROM; \"\" for none")
      .required();
  command.add_option("--rcpt-to", arguments->question.rcpt_to, "An address in RCPT TO; may be given again");
  command.add_option("--tls", arguments->question.tls, "The TLS version, as TLSv1.3; leave out for no TLS");
  command.add_option("--cert-subject", arguments->question.cert_subject,
                     "The client certificate's common name, or its whole name as /C=…/CN=…");
  command.add_option("--cert-issuer", arguments->question.cert_issuer, "The issuer's common name, or whole name");
  command.add_option("--cert-fingerprint", arguments->question.cert_fingerprint,
                     "sha256:… of the certificate or spki-sha256:… of its key; may be given again");
  command.add_option("--sasl-username", arguments->question.sasl_username, "The user of an authenticated submission");
  command.add_option("--message", arguments->message_file, "A file with the message; - for standard input");
  add_file_only_option(command, arguments->file_only);
  command.add_option("--output", arguments->output, "A file for the message as it would leave, after all changes");
  command.add_option("--at", arguments->at, "The time to judge by, as 2026-11-21T12:00:00Z; default: now");
  command.callback([line, arguments] { line.status = explain(line.common, *arguments, line.terminal); });
}

}  // namespace connectord::ctl
