#include "connectord/base/time.h"
#include "rule_formats.h"
#include "table_checks.h"
#include "tables.h"

// The tables that say how the server works, in the order in which the reference describes them.
namespace connectord::config {
namespace {

using model::DmarcMode;
using model::LogFormat;
using model::LogTarget;
using model::OnTraceFailure;
using model::Quarantine;
using model::SpfEngine;

constexpr std::array<Choice<LogTarget>, 4> log_targets = {{{"auto", LogTarget::automatic},
                                                           {"stderr", LogTarget::standard_error},
                                                           {"syslog", LogTarget::syslog},
                                                           {"journal", LogTarget::journal}}};
constexpr std::array<Choice<LogFormat>, 2> log_formats = {{{"text", LogFormat::text}, {"json", LogFormat::json}}};

constexpr std::array<Choice<OnTraceFailure>, 2> trace_failures = {
    {{"defer", OnTraceFailure::defer}, {"accept", OnTraceFailure::accept}}};

constexpr std::array<Choice<DmarcMode>, 3> dmarc_modes = {
    {{"enforce", DmarcMode::enforce}, {"report", DmarcMode::report}, {"off", DmarcMode::off}}};
constexpr std::array<Choice<SpfEngine>, 2> spf_engines = {
    {{"native", SpfEngine::native}, {"libspf2", SpfEngine::libspf2}}};
constexpr std::array<Choice<Quarantine>, 2> quarantines = {
    {{"hold", Quarantine::hold}, {"header", Quarantine::header}}};

using base::day_ms;
using base::second_ms;

using DnsTimeout = Duration<100, 60 * second_ms>;
using DnsBudget = Duration<100, 300 * second_ms>;
using StopLimit = Duration<0, 600 * second_ms>;
using ValidationInterval = Duration<600 * second_ms, 365 * day_ms>;
using Keep = Duration<day_ms, 3650 * day_ms>;

}  // namespace

template <>
const Table& table_for<model::Configuration>() {
  using model::Configuration;
  static const Table declared{
      {
          table<&Configuration::server>("server", "Where connectord listens, and as whom."),
          table<&Configuration::organization>("organization", "Which mail is our own."),
          table<&Configuration::dns>("dns", "Where names are looked up, and for how long."),
          table<&Configuration::authentication>(
              "authentication", "Checks made for all inbound mail; a connector's `require` decides what they mean."),
          tables<&Configuration::signing>(
              "signing",
              "A DKIM signature for mail of ours: what authenticated users and the `sendmail` command hand in, and "
              "what "
              "comes over `on-premises` connectors. Several of one domain make several signatures."),
          table<&Configuration::sealing>(
              "sealing",
              "An ARC set (RFC 8617) for what rules change of mail from outside, which is not ours to sign; it tells "
              "the next host what was seen before. Needs `arc = true` in `[authentication]`."),
          table<&Configuration::tag>("tag",
                                     "The header that carries a connector's name to the rest of the mail system."),
          tables<&Configuration::inbound>(
              "inbound", "An inbound connector: names a source of mail, and what mail from it must fulfil."),
          tables<&Configuration::outbound>(
              "outbound", "An outbound connector: names a set of destinations, and how mail for them leaves."),
          tables<&Configuration::rules>(
              "rule", "A transport rule: what is looked at in mail that goes on, and what is done with it."),
          table<&Configuration::trace>(
              "trace", "The record of every message and what became of it; without this table none is kept."),
          table<&Configuration::validation>("validation", "How connectors are tried whether mail flows."),
          table<&Configuration::delivery>(
              "delivery",
              "How mail is protected on its way to destinations that publish which TLS they have, where no outbound "
              "connector says otherwise."),
          table<&Configuration::reports>(
              "reports",
              "DMARC aggregate reports (RFC 9990) to the domains that ask for them, made from the trace, once a day."),
          table<&Configuration::log>("log", "Where the log goes, and in which form."),
          table<&Configuration::fleet>("fleet",
                                       "Mail hosts with connectors and rules, and a trace, in common; without this "
                                       "table the host is by itself."),
      },
  };
  return declared;
}

template <>
const Table& table_for<model::Server>() {
  using model::Server;
  static const Table declared{
      {
          key<&Server::authserv_id, AuthservId>(
              "authserv_id", otherwise("the host name"),
              "The name under which this server reports authentication results (RFC 8601)."),
          key<&Server::milter, Listener>("milter", otherwise("no milter"),
                                         "Where Postfix or Sendmail reach the milter, in Postfix's notation."),
          key<&Server::policy, Listener>(
              "policy", otherwise("no policy service"),
              "Where Postfix reaches the policy service, which alone is told the fingerprints of certificates."),
          key<&Server::socketmap, Listener>(
              "socketmap", otherwise("no socketmap"),
              "Where Postfix and Sendmail ask for routes, TLS policies and passwords at delivery time."),
          key<&Server::api, Listener>(
              "api", otherwise("no API"),
              "Where the REST API listens; elsewhere than on the loopback interface or a unix socket with TLS only."),
          key<&Server::inet_clients, List<Network>>(
              "inet_clients", otherwise("the loopback interface alone"),
              "Who may connect to `milter`, `policy` and `socketmap` over `inet:`, beside the loopback interface. "
              "Where fingerprints or signing go over `inet:` it must be written, and who is not in it may not "
              "connect."),
          key<&Server::api_tokens, FilePath>("api_tokens", by_default(R"("/etc/connectord/tokens")"),
                                             "The file that `connectorctl token` keeps, with who may use the API."),
          key<&Server::api_url, WebAddress>(
              "api_url", otherwise("no links"),
              "Under which web address browsers reach the API, for links in mail that asks for approval."),
          key<&Server::api_certificate, FilePath>(
              "api_certificate", otherwise("no TLS"),
              "The certificate chain of the API's listener in PEM, its own certificate first; needs `api_key`."),
          key<&Server::api_key, FilePath>("api_key", otherwise("no TLS"),
                                          "The private key of `api_certificate` in PEM, which nobody else may read."),
          key<&Server::console, Boolean>("console", by_default("true"),
                                         "The web pages, where there is an `api`; `false`: none."),
          key<&Server::console_hosts, List<AuthservId>>(
              "console_hosts", by_default("[]"),
              "Names by which a browser may reach the API, beside `localhost`, addresses and `authserv_id`."),
          key<&Server::audit_log, FilePath>(
              "audit_log", by_default(R"("/var/lib/connectord/audit.log")"),
              "Where every change through the API is written down, one JSON object a line."),
          key<&Server::mail_through, Listener>(
              "mail_through", by_default(R"("inet:127.0.0.1:25")"),
              "The mail server that takes mail which connectord writes: reports, notices, test messages."),
          key<&Server::mail_key, FilePath>(
              "mail_key", by_default(R"("/var/lib/connectord/mail.key")"),
              "The file with the secret by which connectord knows mail again that it wrote; made where there is none."),
          key<&Server::history, FilePath>(
              "history", by_default(R"("/var/lib/connectord/changes.json")"),
              "The file that keeps what each load of the configuration has changed, for `connectorctl changes`."),
          key<&Server::held_socket, FilePath>(
              "held_socket", by_default(R"("/run/connectord-held.sock")"),
              "The unix socket of `connectord-held`, which releases and deletes held mail for the API."),
          key<&Server::include, List<IncludePattern>>(
              "include", by_default("[]"),
              "More files with connectors, relative to this file; a pattern may match none, a plain name must exist."),
          key<&Server::user, AccountName>("user", otherwise("nobody else, with a warning"),
                                          "Whom to become when started as root."),
          key<&Server::socket_group, AccountName>(
              "socket_group", by_default(R"("postfix")"),
              "The group of the unix sockets, so that the mail server may connect."),
          key<&Server::socket_mode, FileMode>("socket_mode", by_default(R"("0660")"), "The mode of the unix sockets."),
          key<&Server::stop_limit, StopLimit>("stop_limit", by_default(R"("10s")"),
                                              "How long sessions may go on after the order to stop."),
      },
      checked_by<Server, check_server>(),
  };
  return declared;
}

template <>
const Table& table_for<model::Organization>() {
  using model::Organization;
  static const Table declared{
      {
          key<&Organization::accepted_domains, List<Domain>>(
              "accepted_domains", by_default("[]"),
              "Our own domains: `example.net` that one, `*.example.net` it and all below it."),
          key<&Organization::accepted_domains_file, FilePath>(
              "accepted_domains_file", otherwise("no file"),
              "A file with more of them, one a line, comments behind `#`; it is read anew at each reload."),
          key<&Organization::name, Text>("name", by_default(R"("connectord")"), "Who writes mail of rules."),
          key<&Organization::contact, MailAddress>("contact", otherwise("postmaster of the first of our own domains"),
                                                   "The address from which mail of rules is written."),
          key<&Organization::reject_direct_send, Boolean>(
              "reject_direct_send", by_default("false"),
              "Refuse unauthenticated mail from our own domains that no connector covers."),
      },
      checked_by<Organization, check_organization>(),
  };
  return declared;
}

template <>
const Table& table_for<model::Dns>() {
  using model::Dns;
  static const Table declared{{
      key<&Dns::servers, List<DnsServer, 1>>("servers", otherwise("the system's"),
                                             "Which DNS servers to ask, by address; a port may be given."),
      key<&Dns::timeout, DnsTimeout>("timeout", by_default(R"("5s")"), "The limit of one lookup."),
      key<&Dns::budget, DnsBudget>("budget", by_default(R"("20s")"),
                                   "The limit of all lookups that one message may wait for."),
  }};
  return declared;
}

template <>
const Table& table_for<model::AuthenticationSettings>() {
  using Settings = model::AuthenticationSettings;
  static const Table declared{{
      key<&Settings::spf, Boolean>("spf", by_default("true"), "Check SPF (RFC 7208)."),
      key<&Settings::dkim, Boolean>("dkim", by_default("true"), "Check DKIM signatures (RFC 6376)."),
      key<&Settings::dmarc, Word<dmarc_modes>>(
          "dmarc", by_default(R"("enforce")"),
          "`enforce` follows the sender's DMARC policy (RFC 9989), `report` records the result only, `off` does not "
          "look."),
      key<&Settings::arc, Boolean>("arc", by_default("false"), "Check ARC chains (RFC 8617)."),
      key<&Settings::arc_trusted_sealers, List<Domain>>(
          "arc_trusted_sealers", by_default("[]"),
          "Domains whose ARC seal turns a DMARC failure into acceptance, where they saw DMARC pass; needs `arc`."),
      key<&Settings::spf_engine, Word<spf_engines>>("spf_engine", by_default(R"("native")"),
                                                    "What evaluates SPF records."),
      key<&Settings::quarantine, Word<quarantines>>(
          "quarantine", by_default(R"("hold")"),
          "What a policy of quarantine does: the mail server's `hold` queue, or a `header`."),
      key<&Settings::received_spf, Boolean>("received_spf", by_default("false"), "Insert a Received-SPF header too."),
      key<&Settings::trust_body_length, Boolean>(
          "trust_body_length", by_default("false"),
          "Let a DKIM signature count for alignment although its `l=` leaves a part of the body unsigned."),
  }};
  return declared;
}

template <>
const Table& table_for<model::Tag>() {
  static const Table declared{{
      key<&model::Tag::header, HeaderField>(
          "header", by_default(R"("X-Connector")"),
          "The field that carries the name of the inbound connector; incoming ones are deleted."),
  }};
  return declared;
}

template <>
const Table& table_for<model::Trace>() {
  using model::Trace;
  static const Table declared{{
      key<&Trace::store, TraceStore>("store", required, "The file that the trace is kept in."),
      key<&Trace::keep, Keep>("keep", by_default(R"("90d")"), "For how long a message is kept."),
      key<&Trace::mail_log, MailLog>("mail_log", otherwise("delivery results are not recorded"),
                                     "The log that delivery results are read from: a file, or `journal`."),
      key<&Trace::on_failure, Word<trace_failures>>("on_failure", by_default(R"("defer")"),
                                                    "What becomes of mail while the trace cannot be written: `defer` "
                                                    "asks the sender to try again later, `accept` "
                                                    "decides it without a trace."),
      key<&Trace::subject, Boolean>("subject", by_default("false"), "Keep the subjects of messages too."),
  }};
  return declared;
}

template <>
const Table& table_for<model::Validation>() {
  using model::Validation;
  static const Table declared{
      {
          key<&Validation::enabled, Boolean>("enabled", by_default("true"),
                                             "Validate the outbound connectors by itself; false: only when somebody "
                                             "asks."),
          key<&Validation::every, ValidationInterval>("every", by_default(R"("1d")"),
                                                      "How often each outbound connector is validated."),
          key<&Validation::state, FilePath>("state", by_default(R"("/var/lib/connectord/validation")"),
                                            "The folder in which the last result of each connector is kept."),
          key<&Validation::private_networks, List<Network>>(
              "private_networks", by_default("[]"),
              "Private and loopback networks that validation, and who fetches MTA-STS policies, may reach by a host's "
              "name, too."),
          key<&Validation::mail_to, MailAddress>("mail_to", otherwise("nobody is told by mail"),
                                                 "Whom to tell when a connector fails, passes again, or shows another "
                                                 "certificate."),
          key<&Validation::mail_through, Listener>("mail_through", otherwise("`server.mail_through`"),
                                                   "Where `server.mail_through` stood in former versions."),
      },
      checked_by<Validation, check_validation>(),
  };
  return declared;
}

template <>
const Table& table_for<model::Delivery>() {
  using model::Delivery;
  static const Table declared{{
      key<&Delivery::dane, Boolean>("dane", by_default("false"),
                                    "Have Postfix insist on DANE (RFC 7672) where the destination's hosts have TLSA "
                                    "records; needs a resolver on this machine that validates DNSSEC."),
      key<&Delivery::mta_sts, Boolean>("mta_sts", by_default("false"),
                                       "Have Postfix do as the destination's MTA-STS policy (RFC 8461) says, where "
                                       "DANE does not count."),
      key<&Delivery::state, FilePath>("state", by_default(R"("/var/lib/connectord/sts")"),
                                      "The folder that keeps MTA-STS policies, so that a restart forgets none."),
      key<&Delivery::tlsrpt, Boolean>("tlsrpt", by_default("false"),
                                      "Tell Postfix 3.10 and later what its reports of TLS (RFC 8460) need; earlier "
                                      "ones would refuse it."),
  }};
  return declared;
}

template <>
const Table& table_for<model::Reports>() {
  using model::Reports;
  static const Table declared{{
      key<&Reports::dmarc, Boolean>("dmarc", by_default("false"),
                                    "Send reports, and keep in the trace what they need; wants `[trace]`."),
      key<&Reports::sender, MailAddress>("sender", otherwise("no reports"),
                                         "From whom reports are; a `[[signing]]` for its domain signs them, without "
                                         "which receivers may refuse them."),
      key<&Reports::at, TimeOfDay>("at", by_default(R"("01:00")"),
                                   "From when on, in local time, the reports of the last day of UTC go out."),
      key<&Reports::state, FilePath>("state", by_default(R"("/var/lib/connectord/reports")"),
                                     "The folder that keeps which reports were sent, so that none is sent twice."),
      key<&Reports::skip, List<Domain>>(
          "skip", by_default("[]"),
          "Domains that get no reports: neither about their own mail, nor to addresses of theirs."),
      key<&Reports::max_domains, Integer<1, 1'000'000>>(
          "max_domains", by_default("10000"),
          "About how many domains reports of one day go out: those with the most messages."),
  }};
  return declared;
}

template <>
const Table& table_for<model::Log>() {
  using model::Log;
  static const Table declared{{
      key<&Log::target, Word<log_targets>>(
          "target", by_default(R"("auto")"),
          "`auto` takes the journal when systemd started connectord, and standard error otherwise."),
      key<&Log::format, Word<log_formats>>("format", by_default(R"("text")"),
                                           "`text` is key=value, `json` one object a line."),
  }};
  return declared;
}

template <>
const Table& table_for<model::Fleet>() {
  using model::Fleet;
  static const Table declared{
      {
          key<&Fleet::database, PostgresAddress>(
              "database", required,
              "The PostgreSQL that the hosts have in common, without a password; over TCP with verified TLS only."),
          key<&Fleet::read_from, PostgresAddress>("read_from", otherwise("`database`"),
                                                  "Where the joint trace is read: a replica, for example."),
          key<&Fleet::password_file, FilePath>(
              "password_file", otherwise("no password"),
              "The file with the password, which only `server.user` and root may read."),
          key<&Fleet::name, AuthservId>("name", otherwise("the host name"), "What the others call this host."),
          key<&Fleet::state, FilePath>("state", by_default(R"("/var/lib/connectord/fleet")"),
                                       "The folder that keeps the last good generation, and who this host is."),
          key<&Fleet::spool_size, ByteSize>("spool_size", by_default(R"("2GiB")"),
                                            "How much of the trace may wait on this host while the database is away."),
      },
      checked_by<Fleet, check_fleet>(),
  };
  return declared;
}

}  // namespace connectord::config
