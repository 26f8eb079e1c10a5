// explain: one imagined message goes the way of a real one.
#include <algorithm>
#include <fstream>
#include <istream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "commands.h"
#include "connectord/mail/certificate_name.h"
#include "connectord/session/session.h"
#include "time_argument.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
using Expected = tl::expected<void, std::string>;

// An imagined client has a port too, by which its facts are joined; any will do.
constexpr std::uint16_t imagined_port = 1;

class NoLog : public log::Logger {
 public:
  void write(const log::Record&) override {}
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

Json to_json(const model::HeaderChange& change) {
  if (change.kind == model::HeaderChange::Kind::remove) {
    return {{"action", "remove"}, {"name", change.name}, {"position", change.position}};
  }
  return {{"action", "insert"}, {"name", change.name}, {"value", change.value}};
}

Json to_json(const model::Finding& finding) {
  return {{"check", finding.check},       {"connector", finding.connector}, {"outcome", to_string(finding.outcome)},
          {"expected", finding.expected}, {"seen", finding.seen},           {"hint", finding.hint}};
}

Json to_json(const model::SpfOutcome& spf) {
  return {{"result", to_string(spf.result)},
          {"domain", spf.domain},
          {"identity", spf.identity == model::SpfOutcome::Identity::helo ? "helo" : "mailfrom"},
          {"mechanism", spf.mechanism},
          {"explanation", spf.explanation},
          {"problem", spf.problem}};
}

Json to_json(const model::DkimSignature& signature) {
  return {{"result", to_string(signature.result)}, {"domain", signature.domain},
          {"selector", signature.selector},        {"algorithm", signature.algorithm},
          {"key_bits", signature.key_bits},        {"body_length_limited", signature.body_length_limited},
          {"testing", signature.testing},          {"problem", signature.problem}};
}

Json to_json(const model::DmarcOutcome& dmarc) {
  return {{"result", to_string(dmarc.result)},
          {"domain", dmarc.from_domain},
          {"policy", to_string(dmarc.policy)},
          {"record_domain", dmarc.record_domain},
          {"organizational_domain", dmarc.organizational_domain},
          {"spf_aligned", dmarc.spf_aligned},
          {"dkim_aligned", dmarc.dkim_aligned},
          {"testing", dmarc.testing},
          {"problem", dmarc.problem}};
}

Json to_json(const model::ArcOutcome& arc) {
  Json object{{"result", to_string(arc.result)}, {"sealers", Json::array()}, {"problem", arc.problem}};
  for (const auto& set : arc.sets) object["sealers"].push_back(set.domain);
  return object;
}

// What was not asked is null.
Json to_json(const model::Authentication& authentication, const std::optional<model::OriginalClient>& original) {
  Json object;
  object["spf"] = authentication.spf ? to_json(*authentication.spf) : Json();
  object["dkim"] = authentication.dkim ? Json::array() : Json();
  if (authentication.dkim) {
    for (const auto& signature : *authentication.dkim) object["dkim"].push_back(to_json(signature));
  }
  object["dmarc"] = authentication.dmarc ? to_json(*authentication.dmarc) : Json();
  object["arc"] = authentication.arc ? to_json(*authentication.arc) : Json();
  object["original_client"] = original && original->moved ? Json(original->address.to_string()) : Json();
  return object;
}

Json to_json(const session::Ending& ending) {
  const model::Decision& decision = ending.decision;
  Json object;
  object["connector"] = decision.connector.empty() ? Json() : Json(decision.connector);
  object["identified_by"] = to_string(decision.identified_by);
  object["action"] = to_string(decision.action);
  object["reply"] = decision.reply ? Json(to_string(*decision.reply)) : Json();
  object["headers"] = Json::array();
  for (const auto& change : ending.header_changes) object["headers"].push_back(to_json(change));
  object["authentication"] = to_json(ending.authentication, ending.original);
  object["findings"] = Json::array();
  for (const auto& finding : decision.findings) object["findings"].push_back(to_json(finding));
  return object;
}

class Paint {
 public:
  explicit Paint(bool colour) : colour_(colour) {}
  std::string operator()(std::string_view text, const char* code) const {
    if (!colour_) return std::string(text);
    return std::string("\033[").append(code).append("m").append(text).append("\033[0m");
  }

 private:
  bool colour_;
};

constexpr const char* bold = "1";
constexpr const char* red = "1;31";
constexpr const char* green = "32";
constexpr const char* yellow = "33";
constexpr const char* faint = "2";

const char* colour_of(model::Outcome outcome) {
  switch (outcome) {
    case model::Outcome::pass:
      return green;
    case model::Outcome::fail:
      return red;
    case model::Outcome::temperror:
      return yellow;
    case model::Outcome::not_applicable:
      return faint;
  }
  return faint;
}

// Values may be a stranger's, so that a terminal must not obey them.
std::string harmless(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    shown += byte < ' ' || byte == 0x7f ? '?' : c;
  }
  return shown;
}

// A folded value goes on in the column where it began.
std::string unfolded(std::string_view value) {
  std::string text;
  while (!value.empty()) {
    const auto end = std::min(value.find('\n'), value.size());
    if (!text.empty()) text += "\n             ";
    std::string_view line = value.substr(0, end);
    while (line.starts_with('\t') || line.starts_with(' ')) line.remove_prefix(1);
    text += harmless(line);
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return text;
}

void print_finding(std::ostream& out, const model::Finding& finding, const Paint& paint) {
  constexpr std::size_t outcome_width = 16;
  std::string outcome(to_string(finding.outcome));
  outcome.resize(outcome_width, ' ');
  out << "  " << paint(outcome, colour_of(finding.outcome)) << paint(finding.check, bold);
  if (!finding.connector.empty()) out << " (" << finding.connector << ")";
  out << '\n';
  const std::string indent(outcome_width + 2, ' ');
  if (!finding.expected.empty()) out << indent << "expected  " << harmless(finding.expected) << '\n';
  if (!finding.seen.empty()) out << indent << "seen      " << harmless(finding.seen) << '\n';
  if (!finding.hint.empty()) out << indent << "hint      " << harmless(finding.hint) << '\n';
}

void print(std::ostream& out, const session::Ending& ending, const Paint& paint) {
  const model::Decision& decision = ending.decision;
  out << "connector  " << paint(decision.connector.empty() ? "none" : decision.connector, bold) << '\n';
  const bool accepted = decision.action == model::Action::accept;
  out << "action     " << paint(to_string(decision.action), accepted ? green : red) << '\n';
  if (decision.reply) out << "reply      " << harmless(to_string(*decision.reply)) << '\n';
  for (const auto& change : ending.header_changes) {
    const bool removes = change.kind == model::HeaderChange::Kind::remove;
    out << "headers    "
        << (removes ? "remove " + change.name + ", number " + std::to_string(change.position)
                    : "insert " + change.name + ": " + unfolded(change.value))
        << '\n';
  }
  out << "findings\n";
  for (const auto& finding : decision.findings) print_finding(out, finding, paint);
}

}  // namespace

Status explain(const Common& common, const ExplainArguments& arguments, const Terminal& terminal) {
  const auto imagined = imagine(arguments, terminal.in);
  if (!imagined) {
    terminal.error << "connectorctl: " << imagined.error() << '\n';
    return Status::wrong_input;
  }
  auto policy = load_or_complain(common, terminal);
  if (!policy) return Status::wrong_input;
  auto resolver = session::make_resolver(policy->configuration().dns);
  if (!resolver) {
    terminal.error << "connectorctl: " << resolver.error() << '\n';
    return Status::wrong_input;
  }
  NoLog no_log;
  session::PolicyStore policies(std::move(policy), std::move(*resolver));
  session::LiveSessions live;
  session::Intake intake;
  session::Services services{policies, live, no_log};
  if (const auto at = parse_time(arguments.at)) services.unix_time = [time = *at] { return time; };
  session::Session session(services, intake);
  const session::Ending ending = play(*imagined, arguments, session, live);
  if (common.json) {
    terminal.out << to_json(ending).dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  } else {
    print(terminal.out, ending, Paint(terminal.colour));
  }
  return Status::answered;
}

}  // namespace connectord::ctl
