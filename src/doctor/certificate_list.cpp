#include "connectord/doctor/certificate_list.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "certificate_file.h"
#include "connectord/base/time.h"
#include "connectord/probe/results.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/tls/certificate.h"
#include "connectord/trace/sqlite_store.h"
#include "sendmail_files.h"

namespace connectord::doctor {
namespace {

constexpr std::size_t max_rows_seen = 50'000;  // of the trace, the newest
constexpr std::size_t max_partners_listed = 1'000;

class CertificateList {
 public:
  explicit CertificateList(const Context& context) : context_(context) {}

  std::vector<ListedCertificate> run(trace::Archive* archive) {
    own_files();
    smart_hosts();
    if (archive != nullptr) partners(*archive);
    std::stable_sort(list_.begin(), list_.end(),
                     [](const ListedCertificate& a, const ListedCertificate& b) { return end_of(a) < end_of(b); });
    return std::move(list_);
  }

 private:
  static std::int64_t end_of(const ListedCertificate& one) {
    return one.not_after == 0 ? std::numeric_limits<std::int64_t>::max() : one.not_after;
  }

  void own_files() {
    if (context_.postfix) {
      for (const char* parameter : {"smtpd_tls_cert_file", "smtpd_tls_eccert_file", "smtp_tls_cert_file"}) {
        own_file(parameter, context_.postfix->effective(parameter));
      }
    }
    if (context_.sendmail) {
      for (const char* option : {"ServerCertFile", "ClientCertFile"}) {
        for (const std::string& file : files_listed(context_.sendmail->cf.option(option))) own_file(option, file);
      }
    }
    for (const auto& connector : context_.configuration.outbound) {
      if (!connector.tls) continue;
      own_file(connector.name + ", outbound.tls.certificate", connector.tls->certificate, connector.location);
    }
    own_file("server.api_certificate", context_.configuration.server.api_certificate);
  }

  // Of a chain the first is the one that is shown. `place` is where a connector names it.
  void own_file(const std::string& where, const std::string& file, const model::Location& place = {}) {
    if (file.empty() || file == "none") return;
    ListedCertificate listed{.whose = "ours", .where = where + ", " + file};
    const auto read = certificates_in(context_.configuration, place, file);
    if (!read) {
      listed.problem = read.error();
    } else {
      const tls::Certificate& shown = read->front();
      listed.subject = shown.subject;
      listed.issuer = shown.issuer;
      listed.sha256 = shown.sha256;
      listed.public_key_sha256 = shown.public_key_sha256;
      listed.not_after = shown.not_after;
    }
    list_.push_back(std::move(listed));
  }

  void smart_hosts() {
    const auto find = probe::Results(context_.configuration.validation.state).finder();
    for (const auto& connector : context_.configuration.outbound) {
      const auto last = find(probe::Direction::outbound, connector.name);
      if (!last) continue;
      for (const probe::SeenCertificate& seen : last->certificates) {
        list_.push_back({.whose = "smart host",
                         .where = connector.name + ", " + seen.host,
                         .subject = seen.subject,
                         .sha256 = seen.sha256,
                         .public_key_sha256 = seen.public_key_sha256,
                         .not_after = seen.not_after,
                         .last_seen = last->time});
      }
    }
  }

  // What a connector brought may leave by another one, and counts as outbound then.
  static bool is_of_others(const trace::Message& message) {
    return message.direction == trace::Direction::inbound ||
           (message.direction == trace::Direction::outbound && !message.connector.empty());
  }

  // Each once, where it was seen last: rows come newest first.
  void partners(trace::Archive& archive) {
    trace::Query query;
    query.limit = 1000;
    std::map<std::pair<std::string, std::string>, bool> seen;
    for (std::size_t rows = 0; rows < max_rows_seen; rows += query.limit) {
      const auto page = archive.search(query);
      if (!page) {
        list_.push_back({.whose = "partner", .where = "trace", .problem = page.error()});
        return;
      }
      for (const trace::Row& row : page->rows) {
        const trace::Certificate& shown = row.message->certificate;
        if (!is_of_others(*row.message)) continue;
        const bool is_shown = !shown.sha256.empty() || !shown.subject.empty() || !shown.issuer.empty();
        const std::string key = shown.sha256.empty() ? shown.subject + "\n" + shown.issuer : shown.sha256;
        if (!is_shown || seen.size() == max_partners_listed) continue;
        if (seen.try_emplace({key, row.message->connector}, true).second) add_partner(*row.message);
      }
      if (page->next.empty()) return;
      query.cursor = page->next;
    }
  }

  void add_partner(const trace::Message& message) {
    const trace::Certificate& shown = message.certificate;
    list_.push_back({.whose = "partner",
                     .where = (message.connector.empty() ? "no connector" : message.connector) + ", " +
                              (message.client_address.empty() ? "unknown address" : message.client_address),
                     .subject = shown.subject,
                     .issuer = shown.issuer,
                     .sha256 = shown.sha256,
                     .public_key_sha256 = shown.public_key_sha256,
                     .last_seen = message.time / base::second_ms});
  }

  const Context& context_;
  std::vector<ListedCertificate> list_;
};

}  // namespace

std::vector<ListedCertificate> list_certificates(const Context& context, trace::Archive* archive) {
  return CertificateList(context).run(archive);
}

tl::expected<std::vector<ListedCertificate>, std::string> list_certificates(const std::string& configuration_file,
                                                                            const mta::MailServerPlaces& places) {
  const runtime::LoadedPolicy loaded =
      runtime::load_policy(configuration_file, runtime::environment_of_host(), runtime::SecretFiles::leave);
  if (!loaded.policy) {
    return tl::unexpected("the configuration does not load; see: connectorctl check --config " + configuration_file);
  }
  Context context{.configuration_file = configuration_file,
                  .configuration = loaded.policy->configuration(),
                  .policy = *loaded.policy,
                  .now = base::unix_time()};
  Report of_no_interest;
  examine_daemon(context, of_no_interest.findings);
  examine_mail_servers(context, places, of_no_interest);
  const auto& settings = context.configuration.trace;
  auto archive = settings ? trace::open_sqlite_archive(settings->file())
                          : tl::expected<std::unique_ptr<trace::Archive>, std::string>(nullptr);
  auto list = list_certificates(context, archive ? archive->get() : nullptr);
  if (!archive) list.push_back({.whose = "partner", .where = settings->file(), .problem = archive.error()});
  return list;
}

}  // namespace connectord::doctor
