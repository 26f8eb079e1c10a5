#include "connectord/simulate/explain.h"

#include <algorithm>
#include <utility>

#include "certificate_names.h"
#include "connectord/engine/routing.h"
#include "connectord/mail/certificate_name.h"
#include "connectord/mail/path.h"
#include "imagined.h"

namespace connectord::simulate {
namespace {

using Understood = tl::expected<void, Misunderstanding>;

struct Imagined {
  session::Connection connection;
  std::optional<model::Tls> tls;
  model::ClientCertificate certificate;  // the names, as a milter has them
  runtime::PolicyFacts policy_facts;     // the fingerprints, as a policy request has them
};

tl::unexpected<Misunderstanding> unclear(std::string_view field, std::string message) {
  return tl::unexpected(Misunderstanding{field, std::move(message)});
}

Understood read_client(const Question& question, Imagined& imagined) {
  imagined.connection.client_address = net::IpAddress::parse(question.client_ip);
  if (!imagined.connection.client_address) {
    return unclear("client_ip", "\"" + question.client_ip + "\" is no IP address; write 203.0.113.9 or 2001:db8::9");
  }
  imagined.connection.client_name = question.client_name;
  imagined.connection.client_port = question.client_port > 0 ? question.client_port : imagined_port;
  return {};
}

Understood read_fingerprint(const std::string& text, model::ClientCertificate& certificate) {
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
    return unclear("cert_fingerprint",
                   "\"" + text + "\" is none; write sha256: or spki-sha256: and 64 hexadecimal digits");
  }
  (is_key ? certificate.public_key_sha256 : certificate.sha256) = std::move(*hex);
  return {};
}

// Everything is known of an imagined client: what is not given, it has not.
Understood read_tls(const Question& question, Imagined& imagined) {
  model::ClientCertificate& fingerprints = imagined.policy_facts.certificate;
  fingerprints.sha256 = "";
  fingerprints.public_key_sha256 = "";
  for (const std::string& text : question.cert_fingerprint) {
    if (auto read = read_fingerprint(text, fingerprints); !read) return read;
  }
  read_name(question.cert_subject, imagined.certificate.subject_common_name, imagined.certificate.subject_name);
  read_name(question.cert_issuer, imagined.certificate.issuer_common_name, imagined.certificate.issuer_name);
  const bool has_certificate =
      !question.cert_subject.empty() || !question.cert_issuer.empty() || !question.cert_fingerprint.empty();
  if (question.tls.empty()) {
    if (has_certificate) return unclear("tls", "a client certificate comes over TLS only; write TLSv1.3");
    return {};
  }
  const auto version = model::parse_tls_version(question.tls);
  if (!version) {
    return unclear("tls", "\"" + question.tls + "\" is no TLS version; write TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3");
  }
  imagined.tls = model::Tls{*version, question.tls, {}, 0};
  imagined.policy_facts.tls = imagined.tls;
  return {};
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

session::Ending play(const Imagined& imagined, const Question& question, session::Session& session,
                     runtime::LiveSessions& live) {
  session.connected(imagined.connection);
  session.helo(question.helo);
  session.secured(imagined.tls, imagined.certificate);
  live.tell({*imagined.connection.client_address, imagined.connection.client_port}, 0, imagined.policy_facts);
  session.mail_from(question.mail_from, question.sasl_username);
  for (const std::string& recipient : question.rcpt_to) {
    const session::Answer answer = session.rcpt_to(recipient, "");
    if (answer.action != model::Action::accept) return {answer, {}, session.envelope_decision(), {}, {}};
  }
  if (question.message) play_message(session, *question.message);
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

}  // namespace

tl::expected<Explanation, Misunderstanding> explain(const runtime::Generation& generation, const Question& question) {
  Imagined imagined;
  auto read = read_client(question, imagined).and_then([&] { return read_tls(question, imagined); });
  if (!read) return tl::unexpected(read.error());
  NoLog no_log;
  runtime::PolicyStore policies(generation.policy, generation.resolver);
  runtime::LiveSessions live;
  session::Intake intake;
  runtime::Services services{policies, live, no_log};
  if (question.at) services.unix_time = [time = *question.at] { return time; };
  session::Session session(services, intake);
  Explanation explanation{play(imagined, question, session, live), {}, generation.policy};
  explanation.routes = routes_of(*generation.policy, explanation.ending, question.rcpt_to);
  return explanation;
}

}  // namespace connectord::simulate
