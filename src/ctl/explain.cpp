// explain: one imagined message goes the way of a real one.
#include <algorithm>
#include <fstream>
#include <istream>
#include <iterator>
#include <memory>
#include <ostream>
#include <sstream>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/engine/routing.h"
#include "connectord/mail/certificate_name.h"
#include "connectord/mail/path.h"
#include "connectord/session/session.h"
#include "explain_report.h"
#include "time_argument.h"

namespace connectord::ctl {
namespace {

using Expected = tl::expected<void, std::string>;

// An imagined client has a port too, by which its facts are joined; any will do.
constexpr std::uint16_t imagined_port = 1;

class NoLog : public log::Logger {
 public:
  void write(const log::Record&) override {}
};

struct ExplainArguments {
  std::string client_ip;
  int client_port = 0;
  std::string client_name;
  std::string helo;
  std::string mail_from;
  std::vector<std::string> recipients;
  std::string tls;
  std::string certificate_subject;
  std::string certificate_issuer;
  std::vector<std::string> certificate_fingerprints;
  std::string sasl_username;
  std::string message_file;
  std::string at;
};

struct Imagined {
  session::Connection connection;
  std::optional<model::Tls> tls;
  model::ClientCertificate certificate;  // the names, as a milter has them
  session::PolicyFacts policy_facts;     // the fingerprints, as a policy request has them
  std::string message;
};

Expected read_client(const ExplainArguments& arguments, Imagined& imagined) {
  imagined.connection.client_address = net::IpAddress::parse(arguments.client_ip);
  if (!imagined.connection.client_address) {
    return tl::unexpected("--client-ip: \"" + arguments.client_ip +
                          "\" is no IP address; write 203.0.113.9 or 2001:db8::9");
  }
  imagined.connection.client_name = arguments.client_name;
  imagined.connection.client_port =
      arguments.client_port > 0 ? static_cast<std::uint16_t>(arguments.client_port) : imagined_port;
  return {};
}

void read_name(const std::string& text, std::string& common_name, std::string& whole_name) {
  if (!text.starts_with('/')) {
    common_name = text;
    return;
  }
  whole_name = text;
  common_name = mail::common_name(text);
}

Expected read_fingerprint(const std::string& text, model::ClientCertificate& certificate) {
  constexpr std::string_view of_key = "spki-sha256:";
  constexpr std::string_view of_certificate = "sha256:";
  const bool is_key = text.starts_with(of_key);
  std::string_view digits = text;
  if (is_key) {
    digits.remove_prefix(of_key.size());
  } else if (text.starts_with(of_certificate)) {
    digits.remove_prefix(of_certificate.size());
  }
  auto hex = mail::parse_sha256(digits);
  if (!hex) {
    return tl::unexpected("--cert-fingerprint: \"" + text +
                          "\" is none; write sha256: or spki-sha256: and 64 hexadecimal digits");
  }
  (is_key ? certificate.public_key_sha256 : certificate.sha256) = std::move(*hex);
  return {};
}

// Everything is known of an imagined client: what is not given, it has not.
Expected read_tls(const ExplainArguments& arguments, Imagined& imagined) {
  model::ClientCertificate& fingerprints = imagined.policy_facts.certificate;
  fingerprints.sha256 = "";
  fingerprints.public_key_sha256 = "";
  for (const std::string& text : arguments.certificate_fingerprints) {
    if (auto read = read_fingerprint(text, fingerprints); !read) return read;
  }
  read_name(arguments.certificate_subject, imagined.certificate.subject_common_name, imagined.certificate.subject_name);
  read_name(arguments.certificate_issuer, imagined.certificate.issuer_common_name, imagined.certificate.issuer_name);
  const bool has_certificate = !arguments.certificate_subject.empty() || !arguments.certificate_issuer.empty() ||
                               !arguments.certificate_fingerprints.empty();
  if (arguments.tls.empty()) {
    if (has_certificate)
      return tl::unexpected(std::string("a client certificate comes over TLS only: add --tls TLSv1.3"));
    return {};
  }
  const auto version = model::parse_tls_version(arguments.tls);
  if (!version) {
    return tl::unexpected("--tls: \"" + arguments.tls +
                          "\" is no TLS version; write TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3");
  }
  imagined.tls = model::Tls{*version, arguments.tls, {}, 0};
  imagined.policy_facts.tls = imagined.tls;
  return {};
}

Expected read_message(const ExplainArguments& arguments, std::istream& in, Imagined& imagined) {
  if (arguments.message_file.empty()) return {};
  std::ostringstream text;
  if (arguments.message_file == "-") {
    text << in.rdbuf();
  } else {
    std::ifstream file(arguments.message_file, std::ios::binary);
    if (!file || !(text << file.rdbuf())) return tl::unexpected("--message: cannot read " + arguments.message_file);
  }
  imagined.message = text.str();
  return {};
}

tl::expected<Imagined, std::string> imagine(const ExplainArguments& arguments, std::istream& in) {
  Imagined imagined;
  if (!arguments.at.empty() && !parse_time(arguments.at)) {
    return tl::unexpected("--at: \"" + arguments.at + "\" is no time; write 2026-11-21T12:00:00Z");
  }
  auto read = read_client(arguments, imagined).and_then([&] { return read_tls(arguments, imagined); }).and_then([&] {
    return read_message(arguments, in, imagined);
  });
  if (!read) return tl::unexpected(read.error());
  return imagined;
}

// With the line ends that a mail server hands over.
void play_body(session::Session& session, std::string_view body) {
  std::string lines;
  for (const char c : body) {
    if (c == '\n' && !lines.ends_with('\r')) lines += '\r';
    lines += c;
  }
  session.body(lines);
}

// The header fields, each with its folded lines, and then the rest.
void play_message(session::Session& session, std::string_view message) {
  std::string field;
  const auto flush = [&] {
    if (const auto colon = field.find(':'); colon != std::string::npos) {
      session.header(std::string_view(field).substr(0, colon), std::string_view(field).substr(colon + 1));
    }
    field.clear();
  };
  while (!message.empty()) {
    const auto end = std::min(message.find('\n'), message.size());
    std::string_view line = message.substr(0, end);
    message.remove_prefix(std::min(end + 1, message.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if (line.front() != ' ' && line.front() != '\t') flush();
    if (!field.empty()) field += '\n';
    field += line;
  }
  flush();
  session.end_of_headers();
  play_body(session, message);
}

session::Ending play(const Imagined& imagined, const ExplainArguments& arguments, session::Session& session,
                     session::LiveSessions& live) {
  session.connected(imagined.connection);
  session.helo(arguments.helo);
  session.secured(imagined.tls, imagined.certificate);
  live.tell({*imagined.connection.client_address, imagined.connection.client_port}, 0, imagined.policy_facts);
  session.mail_from(arguments.mail_from, arguments.sasl_username);
  for (const std::string& recipient : arguments.recipients) {
    const session::Answer answer = session.rcpt_to(recipient, "");
    if (answer.action != model::Action::accept) return {answer, {}, session.envelope_decision(), {}, {}};
  }
  if (!arguments.message_file.empty()) play_message(session, imagined.message);
  return session.end_of_message("");
}

// The whole message's, where its tag decides, and else each recipient's own. Of a message that is not taken, none.
std::vector<ExplainedRoute> routes_of(const engine::Policy& policy, const session::Ending& ending,
                                      const std::vector<std::string>& recipients) {
  std::vector<ExplainedRoute> routes;
  const model::Action action = ending.answer.action;
  if (action != model::Action::accept && action != model::Action::quarantine) return routes;
  const auto* whole = engine::find_outbound(policy, ending.decision.outbound);
  for (const std::string& recipient : recipients) {
    const auto* own = engine::route_of_any_origin(policy, {mail::without_brackets(recipient)});
    routes.push_back({recipient, whole != nullptr ? whole : own});
  }
  return routes;
}

Status explain(const Common& common, const ExplainArguments& arguments, const Terminal& terminal) {
  const auto imagined = imagine(arguments, terminal.in);
  if (!imagined) {
    terminal.error << "connectorctl: " << imagined.error() << '\n';
    return Status::wrong_input;
  }
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return Status::wrong_input;
  auto resolver = session::make_resolver(policy->configuration().dns);
  if (!resolver) {
    terminal.error << "connectorctl: " << resolver.error() << '\n';
    return Status::wrong_input;
  }
  NoLog no_log;
  session::PolicyStore policies(policy, std::move(*resolver));
  session::LiveSessions live;
  session::Intake intake;
  session::Services services{policies, live, no_log};
  if (const auto at = parse_time(arguments.at)) services.unix_time = [time = *at] { return time; };
  session::Session session(services, intake);
  Explanation explanation{play(*imagined, arguments, session, live), {}};
  explanation.routes = routes_of(*policy, explanation.ending, arguments.recipients);
  if (common.json) {
    print_json(terminal.out, explanation);
  } else {
    print_text(terminal.out, explanation, terminal.colour);
  }
  return Status::answered;
}

}  // namespace

void add_explain_command(const CommandLine& line) {
  CLI::App* command = line.command("explain", "Tell what would become of a message, and why");
  const auto arguments = std::make_shared<ExplainArguments>();
  command->add_option("--client-ip", arguments->client_ip, "The client's address")->required();
  command->add_option("--client-port", arguments->client_port, "The client's port")->check(CLI::Range(1, 65535));
  command->add_option("--client-name", arguments->client_name, "The client's host name");
  command->add_option("--helo", arguments->helo, "The name in HELO or EHLO");
  command->add_option("--mail-from", arguments->mail_from, "The address in MAIL FROM; \"\" for none")->required();
  command->add_option("--rcpt-to", arguments->recipients, "An address in RCPT TO; may be given again");
  command->add_option("--tls", arguments->tls, "The TLS version, as TLSv1.3; leave out for no TLS");
  command->add_option("--cert-subject", arguments->certificate_subject,
                      "The client certificate's common name, or its whole name as /C=…/CN=…");
  command->add_option("--cert-issuer", arguments->certificate_issuer, "The issuer's common name, or whole name");
  command->add_option("--cert-fingerprint", arguments->certificate_fingerprints,
                      "sha256:… of the certificate or spki-sha256:… of its key; may be given again");
  command->add_option("--sasl-username", arguments->sasl_username, "The user of an authenticated submission");
  command->add_option("--message", arguments->message_file, "A file with the message; - for standard input");
  command->add_option("--at", arguments->at, "The time to judge by, as 2026-11-21T12:00:00Z; default: now");
  command->callback([line, arguments] { line.status = explain(line.common, *arguments, line.terminal); });
}

}  // namespace connectord::ctl
