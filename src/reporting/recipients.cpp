#include "connectord/reporting/recipients.h"

#include <algorithm>
#include <utility>

#include "connectord/auth/dmarc_walk.h"
#include "connectord/auth/report_uri.h"
#include "connectord/base/text.h"
#include "connectord/smtp/smtp_client.h"

namespace connectord::reporting {
namespace {

using auth::ReportUri;
using auth::TreeWalk;

// Each may cost a walk and a question more, of which a dns::LookupDriver takes so many.
constexpr std::size_t max_uris = 12;

class Finder {
 public:
  Finder(const std::string& domain, const std::function<bool(const std::string&)>& is_skipped, dns::DnsAnswers& answers)
      : domain_(domain), is_skipped_(is_skipped), answers_(answers) {}

  std::optional<Recipients> run() {
    const TreeWalk walk = auth::walk_tree(domain_, answers_, records_);
    if (walk.state == TreeWalk::State::waiting) return std::nullopt;
    if (walk.state == TreeWalk::State::failed) {
      leave("", walk.problem, true);
      return std::move(found_);
    }
    const auth::DmarcRecord* record = walk.record_at(domain_);
    if (record == nullptr) {
      leave("", "the domain has no DMARC record any more");
      return std::move(found_);
    }
    found_.problem = record->problem;
    // A public suffix's policy is of an organization of its own.
    const bool is_suffix = record->psd == auth::DmarcRecord::PublicSuffix::yes;
    organization_ = is_suffix ? domain_ : walk.organizational_domain;
    const auto uris = auth::parse_report_uris(record->aggregate_reports, max_uris);
    if (uris.empty()) leave("", "the record names no address (rua)");
    for (const ReportUri& uri : uris) look_at(uri);
    if (is_waiting_) return std::nullopt;
    return std::move(found_);
  }

 private:
  void leave(const std::string& address, const std::string& why, bool is_temporary = false) {
    found_.left.push_back({base::printable(address, 200), base::printable(why, 300), is_temporary});
  }

  void look_at(const ReportUri& uri) {
    if (uri.domain.empty()) return leave(uri.text, "no mailto: address of a domain");
    if (uri.domain == domain_ || uri.domain == organization_) return take(uri);
    const TreeWalk walk = auth::walk_tree(uri.domain, answers_, records_);
    if (walk.state == TreeWalk::State::waiting) {
      is_waiting_ = true;
      // The question that may come next goes out with the first ones.
      answers_.ask(authorization_of(uri.domain));
      return;
    }
    if (walk.state == TreeWalk::State::failed) return leave(mail_address_of(uri), walk.problem, true);
    if (walk.organizational_domain == organization_) return take(uri);
    look_at_authorization(uri);
  }

  dns::Question authorization_of(const std::string& host) const {
    return {auth::report_authorization_name(domain_, host), dns::Type::txt};
  }

  void look_at_authorization(const ReportUri& uri) {
    const dns::Question question = authorization_of(uri.domain);
    const dns::Answer* answer = answers_.ask(question);
    if (answer == nullptr) {
      is_waiting_ = true;
      return;
    }
    if (answer->is_temporary()) {
      return leave(mail_address_of(uri), question.name + ": " + std::string(to_string(answer->status)), true);
    }
    std::string instead;
    bool is_authorized = false;
    for (const std::string& text : answer->texts) {
      const auto record = auth::parse_dmarc_record(text);
      if (!record) continue;
      is_authorized = true;
      if (instead.empty()) instead = record->aggregate_reports;
    }
    if (!is_authorized) {
      return leave(mail_address_of(uri), uri.domain + " does not say that it wants them: no " + question.name);
    }
    if (instead.empty()) return take(uri);
    const auto others = auth::parse_report_uris(instead, max_uris);
    const bool stay =
        std::all_of(others.begin(), others.end(), [&uri](const auto& one) { return one.domain == uri.domain; });
    if (others.empty() || !stay) {
      return leave(mail_address_of(uri), question.name + " names an address of another host, so neither gets any");
    }
    for (const ReportUri& other : others) take(other);
  }

  void take(const ReportUri& uri) {
    const std::string address = mail_address_of(uri);
    if (!smtp::is_plain_address(address) || address.rfind('@') != address.find('@')) {
      return leave(address, "no address that a mail server takes");
    }
    if (is_skipped_(uri.domain)) return leave(address, "left out by reports.skip");
    const auto is_same = [&address](const Recipients::To& to) { return to.address == address; };
    if (std::any_of(found_.to.begin(), found_.to.end(), is_same)) return;
    if (found_.to.size() == max_report_recipients) return leave(address, "too many addresses");
    found_.to.push_back({address, uri.max_bytes});
  }

  const std::string& domain_;
  const std::function<bool(const std::string&)>& is_skipped_;
  dns::DnsAnswers& answers_;
  auth::DmarcRecords records_;
  std::string organization_;
  bool is_waiting_ = false;
  Recipients found_;
};

}  // namespace

std::optional<Recipients> find_recipients(const std::string& policy_domain,
                                          const std::function<bool(const std::string&)>& is_skipped,
                                          dns::DnsAnswers& dns_answers) {
  return Finder(policy_domain, is_skipped, dns_answers).run();
}

}  // namespace connectord::reporting
