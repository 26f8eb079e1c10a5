#include <map>

#include "certificate_file.h"
#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/doctor/doctor.h"
#include "connectord/probe/results.h"
#include "connectord/tls/certificate.h"
#include "sendmail_files.h"
#include "sendmail_judgement.h"

namespace connectord::doctor {
namespace {

using base::day_seconds;
constexpr std::int64_t soon = 30 * day_seconds;
constexpr std::int64_t very_soon = 7 * day_seconds;

class Certificates {
 public:
  Certificates(const Context& context, Findings& findings) : context_(context), findings_(findings) {}

  void run() {
    if (context_.postfix) {
      for (const char* parameter : {"smtpd_tls_cert_file", "smtpd_tls_eccert_file", "smtp_tls_cert_file"}) {
        own(parameter, context_.postfix->effective(parameter),
            "its mail server's certificate; renew it, and: postfix reload");
      }
      authorities("smtpd_tls_CAfile", context_.postfix->effective("smtpd_tls_CAfile"));
    }
    if (context_.sendmail) of_sendmail(*context_.sendmail);
    own("server.api_certificate", context_.configuration.server.api_certificate,
        "renew it, and: systemctl restart connectord");
    for (const auto& connector : context_.configuration.outbound) {
      if (connector.enabled && connector.tls) {
        named(connector.name + ", outbound.tls.certificate", connector.tls->certificate, connector.location,
              std::string("what we show to others; renew it") + (context_.postfix ? ", and: postfix reload" : ""));
      }
    }
    std::map<std::string, model::Location> authorities;
    for (const auto& connector : context_.configuration.outbound) {
      if (connector.enabled && connector.tls) authorities.try_emplace(connector.tls->ca_file, connector.location);
    }
    for (const auto& [file, place] : authorities) {
      named("outbound.tls.ca_file", file, place, "ask the partner for the authority's next certificate", true);
    }
    validations();
    findings_.seen("certificates", std::to_string(seen_) + " looked at");
  }

 private:
  void of_sendmail(const SendmailSetup& setup) {
    authorities("confCACERT", setup.cf.option("CACertFile"));
    const std::string renew = std::string("its mail server's certificate; renew it, and: ") + restart_line;
    for (const auto& [option, name] :
         {std::pair("ServerCertFile", "confSERVER_CERT"), std::pair("ClientCertFile", "confCLIENT_CERT")}) {
      for (const std::string& file : files_listed(setup.cf.option(option))) {
        own(name, file, renew);
        const auto changed = changed_at(file);
        if (!changed || !setup.started || *changed <= *setup.started) continue;
        findings_.warn(
            "certificates",
            std::string(name) + ", " + file + " was changed after Sendmail was started, which shows the old one",
            restart_line);
      }
    }
  }

  // The first certificate of a chain is the one that counts; of authorities, each.
  void own(const std::string& where, const std::string& file, const std::string& write, bool all = false) {
    named(where, file, {}, write, all);
  }

  // One that a connector names which stands at this place.
  void named(const std::string& where, const std::string& file, const model::Location& place, const std::string& write,
             bool all = false) {
    if (file.empty() || file == "none") return;
    const auto read = certificates_in(context_.configuration, place, file);
    if (!read)
      return findings_.warn("certificates", where + ", " + file + ": " + read.error(), "see whether the file is right");
    const std::string heading = where + ", " + file + ": ";
    for (const tls::Certificate& certificate : *read) {
      end(heading + base::printable(certificate.subject), certificate.not_after, write);
      if (!all) return;
    }
  }

  // Those by whom clients' certificates are believed. The system's own are kept by others.
  void authorities(const std::string& where, const std::string& file) {
    if (file.starts_with("/etc/ssl/certs/")) return;
    own(where, file, "ask the partner for the authority's next certificate, and add it to " + file, true);
  }

  void end(const std::string& what, std::int64_t not_after, const std::string& write) {
    ++seen_;
    const std::int64_t left = not_after - context_.now;
    if (left > soon) return;
    const std::string text = what + (left < 0 ? " has ended at " : " ends at ") + tls::time_text(not_after);
    left < very_soon ? findings_.critical("certificates", text, write) : findings_.warn("certificates", text, write);
  }

  void validations() {
    const probe::Results results(context_.configuration.validation.state);
    for (const auto& connector : context_.configuration.outbound) {
      if (!connector.enabled) continue;
      const auto last = results.find(probe::Direction::outbound, connector.name);
      if (!last) continue;
      if (!last->passed) {
        findings_.warn("validation",
                       "the last validation of " + connector.name + " failed, " + tls::time_text(last->time) + ": " +
                           base::printable(last->summary, 300),
                       "connectorctl validate " + connector.name);
      }
      for (const auto& certificate : last->certificates) {
        end(connector.name + ", " + base::printable(certificate.host), certificate.not_after,
            "ask the partner to renew it");
      }
    }
  }

  const Context& context_;
  Findings& findings_;
  std::size_t seen_ = 0;
};

}  // namespace

void examine_certificates(const Context& context, Findings& findings) {
  Certificates(context, findings).run();
}

}  // namespace connectord::doctor
