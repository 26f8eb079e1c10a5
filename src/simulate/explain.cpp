#include "connectord/simulate/explain.h"

#include <algorithm>
#include <utility>

#include "certificate_names.h"
#include "connectord/config/named_files.h"
#include "connectord/engine/routing.h"
#include "connectord/inspect/inspector.h"
#include "connectord/mail/certificate_name.h"
#include "connectord/mail/header_field.h"
#include "connectord/mail/path.h"
#include "connectord/net/address_domain.h"
#include "connectord/net/domain_name.h"
#include "simulated.h"

namespace connectord::simulate {
namespace {

constexpr std::size_t max_candidates = 10;
// Of one message: each may have to be asked in DNS and at a web server.
constexpr std::size_t max_hops = 20;

using Understood = tl::expected<void, InvalidArgument>;

struct SimulatedSession {
  session::Connection connection;
  std::optional<model::Tls> tls;
  model::ClientCertificate certificate;  // the names, as a milter has them
  runtime::PolicyFacts policy_facts;     // the fingerprints, as a policy request has them
};

tl::unexpected<InvalidArgument> unclear(std::string_view field, std::string message) {
  return tl::unexpected(InvalidArgument{field, std::move(message)});
}

Understood read_client(const Question& question, SimulatedSession& simulated) {
  simulated.connection.client_address = net::IpAddress::parse(question.client_ip);
  if (!simulated.connection.client_address) {
    return unclear("client_ip", "\"" + question.client_ip + "\" is no IP address; write 203.0.113.9 or 2001:db8::9");
  }
  simulated.connection.client_name = question.client_name;
  simulated.connection.client_port = question.client_port > 0 ? question.client_port : simulated_port;
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

// Everything is known of a simulated client: what is not given, it has not.
Understood read_tls(const Question& question, SimulatedSession& simulated) {
  model::ClientCertificate& fingerprints = simulated.policy_facts.certificate;
  fingerprints.sha256 = "";
  fingerprints.public_key_sha256 = "";
  for (const std::string& text : question.cert_fingerprint) {
    if (auto read = read_fingerprint(text, fingerprints); !read) return read;
  }
  read_name(question.cert_subject, simulated.certificate.subject_common_name, simulated.certificate.subject_name);
  read_name(question.cert_issuer, simulated.certificate.issuer_common_name, simulated.certificate.issuer_name);
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
  simulated.tls = model::Tls{*version, question.tls, {}, 0};
  simulated.policy_facts.tls = simulated.tls;
  return {};
}

// With the line ends that a mail server hands over.
std::string with_crlf(std::string_view text) {
  std::string lines;
  for (const char c : text) {
    if (c == '\n' && !lines.ends_with('\r')) lines += '\r';
    lines += c;
  }
  return lines;
}

// A message as a milter is given it.
struct TakenApart {
  std::vector<mail::HeaderField> header;
  std::string body;
};

// The header fields, each with its folded lines, and then the rest.
TakenApart take_apart(std::string_view message) {
  TakenApart parts;
  std::string field;
  const auto flush = [&] {
    if (const auto colon = field.find(':'); colon != std::string::npos) {
      parts.header.push_back({field.substr(0, colon), field.substr(colon + 1)});
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
  parts.body = with_crlf(message);
  return parts;
}

void play_message(session::Session& session, std::string_view message) {
  const TakenApart parts = take_apart(message);
  for (const mail::HeaderField& field : parts.header) session.header(field.name, field.value);
  session.end_of_headers();
  session.body(parts.body);
}

// As the mail server would carry it out.
void carry_out(const model::HeaderChange& change, std::vector<mail::HeaderField>& header) {
  if (change.kind == model::HeaderChange::Kind::insert) {
    const auto place = std::min<std::size_t>(change.position, header.size());
    header.insert(header.begin() + static_cast<std::ptrdiff_t>(place), {change.name, " " + change.value});
    return;
  }
  std::uint32_t position = 0;
  const auto field = std::find_if(header.begin(), header.end(), [&](const mail::HeaderField& one) {
    return mail::is_named(one.name, change.name) && ++position == change.position;
  });
  if (field == header.end()) return;
  if (change.kind == model::HeaderChange::Kind::remove) {
    header.erase(field);
  } else {
    field->value = " " + change.value;
  }
}

// The whole message after all changes; empty for one that does not go on.
std::string leaving_message(std::string_view message, const session::EndOfMessageResult& ending) {
  const model::Action action = ending.answer.action;
  if (action != model::Action::accept && action != model::Action::quarantine) return {};
  TakenApart parts = take_apart(message);
  for (const model::HeaderChange& change : ending.header_changes) carry_out(change, parts.header);
  std::string text;
  for (const mail::HeaderField& field : parts.header) text += field.name + ":" + field.value + "\n";
  text = with_crlf(text) + "\r\n";
  if (ending.body == nullptr) return text + parts.body;
  mime::visit(*ending.body, {0, ending.body->size()}, [&text](std::string_view piece) {
    text += piece;
    return true;
  });
  return text;
}

// Of a rule that reads files when it acts, one that reads them as connectord's user if there is any; else of none.
model::Location place_of_files(const model::Configuration& configuration) {
  for (const model::Rule& rule : configuration.rules) {
    const bool reads = std::any_of(rule.actions.begin(), rule.actions.end(),
                                   [](const model::RuleAction& action) { return !action.certificates.empty(); });
    if (reads && config::is_read_as_user(configuration, rule.location)) return rule.location;
  }
  return {};
}

session::EndOfMessageResult play(const SimulatedSession& simulated, const Question& question, session::Session& session,
                                 runtime::LiveSessions& live) {
  session.connected(simulated.connection);
  session.helo(question.helo);
  session.secured(simulated.tls, simulated.certificate);
  live.attach_policy_facts({*simulated.connection.client_address, simulated.connection.client_port}, 0,
                           simulated.policy_facts);
  session.mail_from(question.mail_from, question.sasl_username);
  for (const std::string& recipient : question.rcpt_to) {
    const session::Answer answer = session.rcpt_to(recipient, "");
    if (answer.action != model::Action::accept) return {answer, {}, session.envelope_decision(), {}, {}};
  }
  if (question.message) play_message(session, *question.message);
  return session.end_of_message("");
}

// As the session knows them at the end of the envelope.
model::Facts facts_of(const SimulatedSession& simulated, const Question& question) {
  model::Facts facts;
  facts.client_address = simulated.connection.client_address;
  facts.tls = simulated.tls;
  facts.certificate = simulated.certificate;
  facts.certificate.sha256 = simulated.policy_facts.certificate.sha256;
  facts.certificate.public_key_sha256 = simulated.policy_facts.certificate.public_key_sha256;
  facts.sasl_username = question.sasl_username;
  facts.mail_from = mail::parse_reverse_path(question.mail_from);
  return facts;
}

// The whole message's, where its tag or its sender and destination decide, and else each recipient's own. Of a message
// that is not taken, none.
std::vector<ExplainedRoute> routes_of(const engine::Policy& policy, const session::EndOfMessageResult& ending,
                                      std::string_view sender, const std::vector<std::string>& recipients) {
  std::vector<ExplainedRoute> routes;
  const model::Action action = ending.answer.action;
  if (action != model::Action::accept && action != model::Action::quarantine) return routes;
  const auto* whole = engine::find_outbound(policy, ending.decision.outbound);
  for (const std::string& recipient : recipients) {
    const auto* own = engine::route_from(policy, sender, {mail::without_brackets(recipient)});
    routes.push_back({recipient, whole != nullptr ? whole : own,
                      engine::losing_outbound(policy, {ending.decision.tag, sender},
                                              {mail::without_brackets(recipient)}, max_candidates)});
  }
  return routes;
}

bool is_ours(const model::Configuration& configuration, const std::string& domain) {
  const auto& ours = configuration.organization.accepted_domains;
  return std::any_of(ours.begin(), ours.end(),
                     [&](const net::DomainPattern& pattern) { return pattern.matches(domain); });
}

// The next hops of the first recipients.
void add_hops(const engine::Policy& policy, std::vector<ExplainedRoute>& routes) {
  const model::Configuration& configuration = policy.configuration();
  if (!configuration.asks_destinations()) return;
  std::size_t number = 0;
  for (ExplainedRoute& route : routes) {
    const auto domain = net::domain_of_address(route.recipient);
    const bool leaves = domain && (route.connector != nullptr || !is_ours(configuration, *domain));
    if (!leaves) continue;
    auto hops = delivery::hops_of(policy, route.connector, *domain);
    number += hops.size();
    if (number > max_hops) return;
    route.hops = std::move(hops);
  }
}

}  // namespace

std::vector<delivery::Hop*> hops_of(Explanation& explanation) {
  std::vector<delivery::Hop*> all;
  for (ExplainedRoute& route : explanation.routes) {
    for (delivery::Hop& hop : route.hops) all.push_back(&hop);
  }
  return all;
}

tl::expected<Explanation, InvalidArgument> explain(const runtime::Generation& generation, const Question& question) {
  SimulatedSession simulated;
  auto read = read_client(question, simulated).and_then([&] { return read_tls(question, simulated); });
  if (!read) return tl::unexpected(read.error());
  NoLog no_log;
  runtime::PolicyStore policies(generation.policy, generation.resolver);
  runtime::LiveSessions live;
  session::InFlight intake;
  runtime::Services services{policies, live, no_log};
  services.unpacker = inspect::make_process_unpacker(inspect::unpacker_path());
  if (question.at) services.unix_time = [time = *question.at] { return time; };
  session::Session session(services, intake);
  // With the rights that such a rule has, also for root.
  const model::Configuration& configuration = generation.policy->configuration();
  const config::NamedFileRights rights(configuration, place_of_files(configuration));
  Explanation explanation{play(simulated, question, session, live), {}, generation.policy};
  explanation.others = engine::losing_inbound(*generation.policy, facts_of(simulated, question), max_candidates);
  if (question.message) explanation.leaves_as = leaving_message(*question.message, explanation.ending);
  explanation.routes =
      routes_of(*generation.policy, explanation.ending, mail::without_brackets(question.mail_from), question.rcpt_to);
  add_hops(*generation.policy, explanation.routes);
  return explanation;
}

}  // namespace connectord::simulate
