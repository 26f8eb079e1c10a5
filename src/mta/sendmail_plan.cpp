#include "connectord/mta/sendmail_plan.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace connectord::mta {
namespace {

// The rules that ask for the protection of a recipient's way when there is a connection (docs/sendmail.md).
constexpr const char* tls_rules =
    "LOCAL_TLS_RCPT\n"
    "R$*\t\t\t$: $>CanonAddr $1\n"
    "R$* < @ $+ . >\t\t$1 < @ $2 >\n"
    "R$* < @ $+ >\t\t$: $| $(sendmail_tls $2 $: none $)\n"
    "R$| $* <TMPF>\t\t$#error $@ 4.3.0 $: 451 connectord does not answer\n"
    "R$| none\t\t$@ OK\n"
    "R$| $+\t\t\t$@ $>\"TLS_connection\" $&{verify} $| <$1>\n"
    "R$*\t\t\t$@ OK\n";

// What asks for the certificate of ours, before there is TLS; CONFIG in {verify} has the mail wait where nobody
// answers.
constexpr const char* certificate_rules =
    "LOCAL_RULESETS\n"
    "Stls_clt_features\n"
    "R$* $| $*\t\t$: $| $(sendmail_certificate $1 $: none $)\n"
    "R$| $* <TMPF>\t\t$#error $@ 4.3.0 $: 451 connectord does not answer\n"
    "R$| none\t\t$@ \"\"\n"
    "R$| $+\t\t\t$@ $1\n"
    "R$*\t\t\t$@ \"\"\n";

std::string m4_quoted(const std::string& text) {
  return "`" + text + "'";
}

std::string feature(const std::string& name, const std::string& argument) {
  return "FEATURE(" + m4_quoted(name) + ", " + m4_quoted(argument) + ")dnl\n";
}

// F=4 closes the connection too.
bool waits(const SendmailCf::Filter& filter) {
  const std::string flags = equate(filter.equates, 'F');
  return flags == "T" || flags == "4";
}

bool is_asked(const SendmailCf& cf, const SendmailCf::Filter& filter) {
  return std::find(cf.asked.begin(), cf.asked.end(), filter.name) != cf.asked.end();
}

// A socketmap at that place, as Sendmail's K line has it. `temporary` says whether a lookup that cannot be made shall
// be reported to the rules.
bool is_socketmap(const std::string& map, const net::Endpoint& place, bool temporary) {
  std::istringstream words(map);
  std::string word;
  if (!(words >> word) || word != "socket") return false;
  bool reports = false;
  while (words >> word && word.starts_with('-')) reports |= word == "-T<TMPF>";
  return word == sendmail_socket(place) && reports == temporary;
}

std::string map_of(const SendmailCf& cf, const std::string& name) {
  const auto found = cf.maps.find(name);
  return found == cf.maps.end() ? std::string() : found->second;
}

bool asks_for_protection(const SendmailCf& cf, const net::Endpoint& socketmap) {
  return is_socketmap(map_of(cf, "sendmail_tls"), socketmap, true) &&
         cf.local_tls_rcpt.find("$(sendmail_tls ") != std::string::npos;
}

class SendmailPlanner {
 public:
  SendmailPlanner(const SendmailCf& cf, const MtaRequirements& required) : cf_(cf), required_(required) {}

  SendmailPlan run() {
    if (!required_.milter) {
      refuse("connectord has no milter listener, and Sendmail asks milters only",
             "in [server] of " + required_.file + ": milter = \"unix:/run/connectord/milter.sock\"");
      return std::move(plan_);
    }
    plan_filter();
    look_at_listeners();
    plan_certificates();
    if (required_.socketmap) plan_outbound();
    if (required_.socketmap && required_.sendmail_certificate) plan_client_certificates();
    look_at_connectors();
    return std::move(plan_);
  }

 private:
  void plan_filter() {
    const std::string socket = sendmail_socket(*required_.milter);
    for (const SendmailCf::Filter& filter : cf_.filters) {
      const bool right = equate(filter.equates, 'S') == socket;
      if (filter.name != "connectord" && !right) continue;
      if (!right || !waits(filter)) {
        refuse("sendmail.mc has connectord in a way that is not right: " + filter.name + ", " + filter.equates,
               "take that line out, or write " + filter_line(*required_.milter));
      } else if (!is_asked(cf_, filter)) {
        refuse("sendmail.mc has connectord as a filter that is not asked: " + filter.name,
               "take that line out, or write it first in confINPUT_MAIL_FILTERS");
      }
      return;
    }
    add("no INPUT_MAIL_FILTER for connectord: it is asked about no mail, which comes in unchecked",
        "INPUT_MAIL_FILTER: connectord is asked about all mail; first, so that it sees mail as it came, and other "
        "filters "
        "see no forged headers; F=T: mail is deferred, not let through unchecked, while it does not answer",
        filter_line(*required_.milter));
  }

  // One that names filters asks these and no others.
  void look_at_listeners() {
    for (const std::string& options : cf_.smtp_listeners) {
      const std::string filters = equate(options, 'I');
      if (filters.empty() || filters == "connectord" || filters.starts_with("connectord;")) continue;
      refuse("a port has filters of its own, and connectord is not the first of them: " + options,
             "InputMailFilters=connectord;" + filters + " in its DAEMON_OPTIONS");
    }
  }

  void plan_certificates() {
    const std::string sha256 = define_line("confCERT_FINGERPRINT_ALGORITHM", "sha256");
    const std::string algorithm = cf_.option("CertFingerprintAlgorithm");
    if (algorithm.empty()) {
      add("confCERT_FINGERPRINT_ALGORITHM is not set: no fingerprint is known that connectord compares",
          "confCERT_FINGERPRINT_ALGORITHM: connectord compares SHA-256 fingerprints", sha256);
      plan_.changes.back().needed = required_.fingerprints;
    } else if (required_.fingerprints && algorithm != "sha256") {
      leave("connectors match SHA-256 fingerprints, and sendmail.mc has another algorithm: " + algorithm, sha256);
    }
    if (required_.public_keys_only) {
      plan_.configuration.push_back(
          {"a connector knows fingerprints of public keys only, which Sendmail does not tell: its mail is deferred for "
           "ever",
           "add the \"sha256:…\" of the certificate to its fingerprints in " + required_.file});
    }
    const bool certificates = required_.certificates();
    if (required_.tls || certificates) plan_starttls();
    if (certificates && cf_.option("TLSSrvOptions").find('V') != std::string::npos) {
      leave("connectors match client certificates, and Sendmail asks no client for one (V in confTLS_SRV_OPTIONS)",
            define_line("confTLS_SRV_OPTIONS", ""));
    }
  }

  // Without any one of the four there is no STARTTLS at all ("CACertPath missing" in the log, at LogLevel 14).
  void plan_starttls() {
    struct Setting {
      const char* option;
      const char* name;
      const char* value;
    };
    constexpr std::array<Setting, 4> settings{{{"ServerCertFile", "confSERVER_CERT", "/etc/mail/tls/server.pem"},
                                               {"ServerKeyFile", "confSERVER_KEY", "/etc/mail/tls/server.key"},
                                               {"CACertFile", "confCACERT", "/etc/mail/tls/partner-authorities.pem"},
                                               {"CACertPath", "confCACERT_PATH", "/etc/ssl/certs"}}};
    std::string names;
    std::string lines;
    for (const Setting& setting : settings) {
      if (!cf_.option(setting.option).empty()) continue;
      names += std::string(names.empty() ? "" : ", ") + setting.name;
      lines += define_line(setting.name, setting.value);
    }
    if (lines.empty()) return;
    leave("connectors require TLS or a client certificate, and Sendmail offers no STARTTLS without " + names, lines);
  }

  // Where no connector needs it, a person's own arrangement stays without a word.
  void plan_outbound() {
    const std::size_t refused = plan_.refusals.size();
    const std::size_t changed = plan_.changes.size();
    SendmailPlan before = plan_;
    plan_routes();
    plan_protection();
    for (std::size_t i = changed; i < plan_.changes.size(); ++i) plan_.changes[i].needed = required_.outbound;
    if (!required_.outbound && plan_.refusals.size() > refused) plan_ = std::move(before);
  }

  void plan_routes() {
    const std::string line = feature("mailertable", "socket " + sendmail_socket(*required_.socketmap));
    const std::string table = map_of(cf_, "mailertable");
    if (!cf_.esmtp) {
      refuse("connectord's routes are for the mailer esmtp, which sendmail.mc does not have", "MAILER(`smtp')dnl\n");
    }
    if (table.empty()) {
      add("no mailertable: outbound connectors choose no route", "mailertable: outbound connectors choose the route",
          line);
    } else if (!is_socketmap(table, *required_.socketmap, false)) {
      refuse("sendmail.mc has another mailertable, and Sendmail asks one only: " + table,
             "make its routes outbound connectors in " + required_.file + ", and write in its place " + line);
    }
  }

  void plan_protection() {
    if (!cf_.tls_requirements) {
      add("no access_db: what outbound connectors require of TLS would not be compared",
          "access_db: without it, what outbound connectors require of TLS is not compared; null, an empty table",
          feature("access_db", "null -T<TMPF>"));
    }
    if (asks_for_protection(cf_, *required_.socketmap)) return;
    const std::string map = "Ksendmail_tls socket -T<TMPF> " + sendmail_socket(*required_.socketmap) + "\n";
    if (cf_.maps.contains("sendmail_tls")) {
      refuse("sendmail.mc has the map sendmail_tls in a way that is not right: " + map_of(cf_, "sendmail_tls"),
             "take that line and its rules out, or write " + map);
    } else if (!cf_.local_tls_rcpt.empty()) {
      refuse(
          "sendmail.mc has a ruleset Local_tls_rcpt of its own, and nobody but you can say in which order both count",
          "put these rules into it, and the map before it:\nLOCAL_CONFIG\n" + map + tls_rules);
    } else {
      plan_.changes.push_back({"no LOCAL_TLS_RCPT: what outbound connectors require of TLS is not asked for",
                               "LOCAL_TLS_RCPT: outbound connectors say what TLS the way must have",
                               "LOCAL_CONFIG\n" + map + "\n" + tls_rules, SendmailChange::Place::end});
    }
  }

  void plan_client_certificates() {
    const bool is_there = is_socketmap(map_of(cf_, "sendmail_certificate"), *required_.socketmap, true) &&
                          cf_.tls_clt_features.find("$(sendmail_certificate ") != std::string::npos;
    if (is_there) return;
    const std::string map = "Ksendmail_certificate socket -T<TMPF> " + sendmail_socket(*required_.socketmap) + "\n";
    if (!cf_.tls_clt_features.empty() || cf_.maps.contains("sendmail_certificate")) {
      return refuse(
          "an outbound connector shows a certificate of ours, and sendmail.mc has a ruleset tls_clt_features of "
          "its own (FEATURE(tls_session_features), FEATURE(sts)), or another map sendmail_certificate",
          "take that out, or put these rules into it, and the map before it:\nLOCAL_CONFIG\n" + map +
              certificate_rules);
    }
    plan_.changes.push_back({"no tls_clt_features: outbound connectors' certificates are shown to nobody",
                             "tls_clt_features: outbound connectors say which certificate of ours a host is shown",
                             "LOCAL_CONFIG\n" + map + "\n" + certificate_rules, SendmailChange::Place::end});
  }

  // What the configuration asks for beyond the lines of sendmail.mc.
  void look_at_connectors() {
    if (required_.outbound && !required_.socketmap) {
      plan_.configuration.push_back(
          {"there are outbound connectors, and connectord has no socketmap to be asked for their routes",
           "in [server] of " + required_.file + ": socketmap = \"unix:/run/connectord/socketmap.sock\""});
    }
    for (const std::string& what : required_.beyond_sendmail) {
      plan_.configuration.push_back({what, "change that connector in " + required_.file});
    }
  }

  void add(const std::string& what, const std::string& reason, const std::string& lines) {
    plan_.changes.push_back({what, reason, lines});
  }
  void refuse(const std::string& what, const std::string& write) { plan_.refusals.push_back({what, write}); }
  void leave(const std::string& what, const std::string& write) { plan_.open.push_back({what, write}); }

  const SendmailCf& cf_;
  const MtaRequirements& required_;
  SendmailPlan plan_;
};

}  // namespace

std::string define_line(const std::string& name, const std::string& value) {
  return "define(" + m4_quoted(name) + ", " + m4_quoted(value) + ")dnl\n";
}

std::string filter_line(const net::Endpoint& milter) {
  return "INPUT_MAIL_FILTER(`connectord', " + m4_quoted("S=" + sendmail_socket(milter) + ", F=T, T=S:30s;R:30s;E:2m") +
         ")dnl\n";
}

SendmailPlan plan_sendmail(const SendmailCf& cf, const MtaRequirements& required) {
  return SendmailPlanner(cf, required).run();
}

bool asks(const SendmailCf& cf, const net::Endpoint& milter) {
  return std::any_of(cf.filters.begin(), cf.filters.end(), [&](const SendmailCf::Filter& filter) {
    return equate(filter.equates, 'S') == sendmail_socket(milter) && waits(filter) && is_asked(cf, filter);
  });
}

bool asks_for_routes(const SendmailCf& cf, const net::Endpoint& socketmap) {
  return is_socketmap(map_of(cf, "mailertable"), socketmap, false) && asks_for_protection(cf, socketmap);
}

}  // namespace connectord::mta
