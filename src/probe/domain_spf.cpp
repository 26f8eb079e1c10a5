#include <algorithm>

#include "connectord/auth/spf.h"
#include "connectord/auth/spf_survey.h"
#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/dns/lookups.h"
#include "connectord/dns/names.h"
#include "domain_checks.h"

namespace connectord::probe {
namespace {

using auth::SpfSurvey;
using model::SpfResult;

constexpr std::size_t max_spf_text = 500;
constexpr const char* proposal =
    "SPF: a proposal to be looked at, with the addresses by which mail leaves this machine; whoever else sends mail of "
    "the domain (newsletters, other servers) must be in it too";

std::string term_of(const net::IpAddress& address) {
  return (address.is_v4() ? "ip4:" : "ip6:") + address.to_string();
}

class Spf {
 public:
  explicit Spf(const DomainWork& work) : work_(work), domain_(work.options.domain) {}

  void run() {
    survey_ = gathered(resolver(), [this](dns::DnsAnswers& answers) { return auth::survey_spf(domain_, answers); });
    if (!record()) return;
    syntax();
    lookups();
    everybody();
    habits();
    for (const net::IpAddress& address : work_.options.senders) sender(address);
    propose_senders();
  }

 private:
  dns::Resolver& resolver() const { return work_.steps.services().resolver; }

  bool record() {
    if (survey_.records.size() == 1) {
      work_.pass(model::check::spf_record, "one SPF record at " + domain_,
                 base::printable(survey_.records.front(), max_spf_text));
      return true;
    }
    model::Finding finding{.check = model::check::spf_record, .expected = "one SPF record at " + domain_};
    if (survey_.records.empty() && !survey_.unknown.empty()) {
      finding.seen = "not known now: " + base::joined(survey_.unknown);
      work_.not_known(std::move(finding));
    } else if (survey_.records.empty()) {
      finding.seen = none_but(what_looks_like_spf());
      finding.hint = "without it, many receivers distrust mail of the domain";
      work_.fail(std::move(finding));
      propose(sound_record(), proposal);
    } else {
      finding.seen = std::to_string(survey_.records.size()) + " records";
      finding.hint = "receivers take none of several (RFC 7208, 4.5); join them to one";
      work_.fail(std::move(finding));
    }
    return false;
  }

  // Other texts at the domain itself are for other purposes.
  std::vector<std::string> what_looks_like_spf() const {
    std::vector<std::string> texts = dns::ask(resolver(), {domain_, dns::Type::txt})->texts;
    std::erase_if(texts, [](const std::string& text) { return !base::contains_ignoring_case(text, "spf1"); });
    return texts;
  }

  std::string sound_record() const {
    std::string text = "v=spf1 mx";
    for (const net::IpAddress& address : work_.options.senders) text += " " + term_of(address);
    return text + " -all";
  }

  void propose(const std::string& text, std::string reason) const {
    work_.publish.push_back({dns::txt_line(domain_, text), std::move(reason)});
  }

  void syntax() const {
    for (const std::string& error : survey_.errors) {
      work_.fail({.check = model::check::spf_syntax,
                  .expected = "a record without errors, and sound ones where it includes others",
                  .seen = base::printable(error, max_spf_text),
                  .hint = "receivers may take the whole record for none (permerror)"});
    }
    if (survey_.errors.empty()) work_.pass(model::check::spf_syntax, "no errors", "none");
    if (survey_.unknown.empty()) return;
    work_.not_known({.check = model::check::spf_syntax,
                     .expected = "an answer from DNS",
                     .seen = base::printable(base::joined(survey_.unknown), max_spf_text)});
  }

  void lookups() const {
    const std::string seen = std::to_string(survey_.lookups);
    if (survey_.lookups > auth::max_spf_lookups) {
      work_.fail({.check = model::check::spf_lookups,
                  .expected = "at most 10 terms that ask DNS (RFC 7208, 4.6.4)",
                  .seen = seen,
                  .hint = "receivers give up with permerror; take out what sends no more, or write ip4: and ip6:"});
    } else {
      work_.pass(model::check::spf_lookups, "at most 10 terms that ask DNS", seen);
    }
    const auto& empty = survey_.void_lookups;
    if (empty.empty()) return work_.pass(model::check::spf_void_lookups, "at most 2 that find nothing", "none");
    model::Finding finding{
        .check = model::check::spf_void_lookups,
        .expected = "at most 2 that find nothing (RFC 7208, 4.6.4)",
        .seen = base::printable(std::to_string(empty.size()) + ": " + base::joined(empty), max_spf_text),
        .hint = "take out the terms that name them"};
    empty.size() > auth::max_void_spf_lookups ? work_.fail(std::move(finding)) : work_.warn(std::move(finding));
  }

  // What the record says of those whom it does not name.
  void everybody() const {
    model::Finding finding{.check = model::check::spf_all, .expected = "-all or ~all at the end"};
    const SpfResult all = survey_.all.value_or(SpfResult::neutral);
    finding.seen = survey_.all ? std::string(to_string(all)) : "nothing, which means neutral";
    if (all == SpfResult::fail || all == SpfResult::softfail) {
      return work_.pass(model::check::spf_all, std::move(finding.expected), std::move(finding.seen));
    }
    if (all == SpfResult::pass) {
      finding.hint = "+all lets anybody send in the domain's name";
      return work_.fail(std::move(finding));
    }
    finding.hint = "the record says nothing about strangers; end it with -all";
    work_.warn(std::move(finding));
  }

  void habits() const {
    if (survey_.uses_ptr) {
      work_.warn({.check = model::check::spf_ptr,
                  .expected = "no ptr",
                  .seen = "ptr",
                  .hint = "it should not be used (RFC 7208, 5.5): slow, and some receivers pass it over"});
    }
    if (!survey_.broad_networks.empty()) {
      work_.warn({.check = model::check::spf_networks,
                  .expected = "networks of one's own",
                  .seen = base::printable(base::joined(survey_.broad_networks), max_spf_text),
                  .hint = "whoever has an address in there can send in the domain's name"});
    }
  }

  void sender(const net::IpAddress& address) {
    const auth::SpfQuery query{address, work_.options.host_name, "postmaster@" + domain_, work_.options.host_name,
                               work_.steps.services().unix_time()};
    const model::SpfOutcome outcome =
        gathered(resolver(), [&query](dns::DnsAnswers& answers) { return auth::check_spf(query, answers); });
    model::Finding finding{.check = model::check::spf_sender,
                           .expected = "pass for " + address.to_string() + ", from where we send",
                           .seen = std::string(to_string(outcome.result)) +
                                   (outcome.mechanism.empty() ? "" : " by " + outcome.mechanism) +
                                   (outcome.problem.empty() ? "" : ": " + outcome.problem)};
    if (outcome.result == SpfResult::pass) {
      return work_.pass(model::check::spf_sender, std::move(finding.expected), std::move(finding.seen));
    }
    if (outcome.result == SpfResult::temperror) return work_.not_known(std::move(finding));
    finding.hint = "the record must name this address";
    work_.fail(std::move(finding));
    missing_.push_back(address);
  }

  void propose_senders() const {
    if (missing_.empty() || !survey_.errors.empty()) return;
    std::string text = survey_.records.front();
    std::string terms;
    for (const net::IpAddress& address : missing_) terms += " " + term_of(address);
    constexpr std::string_view begin = "v=spf1";
    text.insert(std::min(begin.size(), text.size()), terms);
    propose(text, proposal);
  }

  const DomainWork& work_;
  const std::string& domain_;
  SpfSurvey survey_;
  std::vector<net::IpAddress> missing_;
};

}  // namespace

void check_spf_of(const DomainWork& work) {
  work.steps.at("SPF");
  Spf(work).run();
}

}  // namespace connectord::probe
