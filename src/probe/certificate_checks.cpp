#include "certificate_checks.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/sts/tlsa.h"
#include "recorder.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::Outcome;
using model::TlsLevel;

// The checks of one host's certificate, in the order in which they are told.
class Check {
 public:
  Check(const OutboundPlan& plan, const Target& target, const DaneFacts& dane, const smtp::TlsSession& session,
        Recorder& recorder)
      : plan_(plan), target_(target), dane_(dane), session_(session), recorder_(recorder) {
    const sts::StsPolicy* policy = plan.policy_of(target.domain);
    if (policy != nullptr && policy->mode != sts::StsPolicy::Mode::none) policy_ = policy;
    needs_chain_ = plan.level() == TlsLevel::verify || plan.level() == TlsLevel::match;
  }

  bool run() {
    version();
    if (session_.chain.empty()) {
      no_certificate();
      return good_;
    }
    recorder_.saw(leaf());
    chain();
    names();
    validity();
    if (plan_.options.revocation) revocation();
    if (!dane_.associations.empty()) dane();
    if (policy_ != nullptr) sts();
    return good_;
  }

 private:
  const tls::Certificate& leaf() const { return session_.chain.front(); }
  std::int64_t now() const { return recorder_.services().unix_time(); }

  void fail(Finding finding, Obstacle obstacle) {
    finding.outcome = Outcome::fail;
    recorder_.add(std::move(finding), obstacle);
    good_ = false;
  }

  // Fails where the connector asks for it, and is only told otherwise.
  void judge(Finding finding, bool good, bool asked, std::string_view hint) {
    if (good) {
      finding.outcome = Outcome::pass;
    } else if (asked) {
      finding.hint = hint;
      return fail(std::move(finding), Obstacle::certificate);
    } else {
      finding.outcome = Outcome::not_applicable;
      finding.expected += "; the connector does not ask for it";
    }
    recorder_.add(std::move(finding));
  }

  void version() {
    Finding finding{.check = model::check::tls_version};
    finding.seen = std::string(to_string(session_.version)) + " with " + base::printable(session_.cipher);
    const model::TlsVersion lowest = plan_.connector.tls ? plan_.connector.tls->version : model::TlsVersion::none;
    finding.expected = lowest == model::TlsVersion::none ? "any version" : std::string(to_string(lowest)) + " or later";
    if (session_.version < lowest) {
      finding.hint = "the partner must enable a later version, or the connector ask for less: outbound.tls.version";
      return fail(std::move(finding), Obstacle::tls_failed);
    }
    const bool is_old = session_.version < model::TlsVersion::tls1_2;
    if (!is_old) return recorder_.add(std::move(finding));
    finding.hint = "this version is no longer safe (RFC 8996), and mail servers refuse it by default";
    recorder_.warn(std::move(finding));
  }

  void no_certificate() {
    judge({.check = model::check::certificate_chain, .expected = "a certificate", .seen = "none"}, false, needs_chain_,
          "the partner's server must have one");
  }

  void chain() {
    const std::string& file = plan_.connector.tls ? plan_.connector.tls->ca_file : std::string();
    Finding finding{.check = model::check::certificate_chain,
                    .expected = "an authority of " + (file.empty() ? "this system" : file) + " vouches for it"};
    const auto verdict = plan_.trusted ? tls::verify(session_.chain, *plan_.trusted, now()) : tls::ChainVerdict{};
    finding.seen = verdict.trusted() ? verdict.anchor : verdict.problem;
    if (!plan_.trusted) finding.seen = "the authorities cannot be read";
    const bool good = plan_.trusted && verdict.trusted();
    judge(std::move(finding), good, needs_chain_, hint_for_chain());
  }

  std::string_view hint_for_chain() const {
    if (session_.chain.size() == 1 && leaf().self_signed) {
      return "the certificate is self-signed: the partner gets one of an authority, or put it into "
             "outbound.tls.ca_file";
    }
    if (session_.chain.size() == 1) {
      return "the server sends its own certificate alone: the partner must add the intermediate ones, or put the "
             "authority into outbound.tls.ca_file";
    }
    return "put the partner's authority into outbound.tls.ca_file";
  }

  // With level "verify", Postfix compares with the name of the host (smtp_tls_verify_cert_match).
  std::vector<std::string> wanted_names() const {
    if (plan_.level() == TlsLevel::match) return plan_.connector.tls->match;
    if (target_.name.empty()) return {target_.addresses.front().to_string()};
    return {target_.name};
  }

  bool has_name(const std::vector<std::string>& names) const {
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return tls::names_server(leaf(), name); });
  }

  void names() {
    const auto wanted = wanted_names();
    judge({.check = model::check::certificate_name, .expected = joined(wanted), .seen = tls::names_of(leaf())},
          has_name(wanted), needs_chain_,
          plan_.level() == TlsLevel::match
              ? "write the name that the certificate has into outbound.tls.match, if it is "
                "the partner's"
              : "use level = \"match\" with the names that the certificate may have");
  }

  void validity() {
    Finding finding{.check = model::check::certificate_validity,
                    .expected = "valid now",
                    .seen = "from " + tls::time_text(leaf().not_before) + " until " + tls::time_text(leaf().not_after)};
    if (plan_.trusted) {
      const auto verdict = tls::verify(session_.chain, *plan_.trusted, now());
      if (!verdict.out_of_date.empty()) {
        finding.seen = verdict.out_of_date + "; " + finding.seen;
        return judge(std::move(finding), false, needs_chain_, "the partner must renew the certificate");
      }
    }
    const std::int64_t left = leaf().not_after - now();
    if (left > renewal_time) return recorder_.add(std::move(finding));
    finding.seen += ", " + std::to_string(left / base::day_seconds) + " days left";
    finding.hint = "ask the partner to renew it";
    recorder_.warn(std::move(finding));
  }

  void revocation() {
    Finding finding{.check = model::check::certificate_revocation, .expected = "not revoked"};
    tls::RevocationVerdict verdict{tls::Revocation::unknown, "the authorities cannot be read"};
    if (plan_.trusted) {
      verdict = tls::check_stapled(session_.chain, session_.stapled, *plan_.trusted, now());
      if (verdict.status == tls::Revocation::unknown && !plan_.options.lists.empty()) {
        verdict = tls::check_lists(session_.chain, plan_.options.lists, *plan_.trusted, now());
      }
    }
    finding.seen = verdict.words;
    if (verdict.status == tls::Revocation::revoked) {
      finding.hint = "ask the partner at once: the certificate's key may be in other hands";
      return fail(std::move(finding), Obstacle::certificate);
    }
    if (verdict.status == tls::Revocation::unknown) {
      finding.outcome = Outcome::temperror;
      finding.hint = "give the authority's list of revoked certificates with --crl FILE";
    }
    recorder_.add(std::move(finding), Obstacle::incomplete);
  }

  void dane() {
    const tls::DaneVerdict verdict = tls::check_dane(session_.chain, dane_.associations, dane_.names, now());
    Finding finding{.check = model::check::dane_certificate,
                    .expected = "a certificate that one of the TLSA records names",
                    .seen = verdict.problem.empty() ? "matched by " + verdict.matched : verdict.problem};
    if (verdict.problem.empty()) return recorder_.add(std::move(finding));
    finding.hint = "the partner changed the certificate and not the TLSA record, or somebody is in between";
    if (plan_.level() == TlsLevel::dane) return fail(std::move(finding), Obstacle::certificate);
    finding.outcome = Outcome::fail;
    recorder_.warn(std::move(finding));
  }

  // RFC 8461, 4.2: a chain that the system trusts, for the host's name.
  void sts() {
    const auto verdict = plan_.system ? tls::verify(session_.chain, *plan_.system, now()) : tls::ChainVerdict{};
    Finding finding{.check = model::check::mta_sts_certificate,
                    .expected = "a trusted certificate for " + target_.name,
                    .seen = tls::names_of(leaf())};
    const bool good =
        plan_.system && verdict.trusted() && verdict.out_of_date.empty() && tls::names_server(leaf(), target_.name);
    if (good) return recorder_.add(std::move(finding));
    if (!verdict.trusted()) finding.seen += "; " + verdict.problem;
    finding.hint = "the partner's policy asks senders not to deliver so (RFC 8461)";
    if (policy_->mode == sts::StsPolicy::Mode::enforce) return fail(std::move(finding), Obstacle::sts_policy);
    finding.outcome = Outcome::fail;
    recorder_.warn(std::move(finding));
  }

  const OutboundPlan& plan_;
  const Target& target_;
  const DaneFacts& dane_;
  const smtp::TlsSession& session_;
  Recorder& recorder_;
  const sts::StsPolicy* policy_ = nullptr;
  bool needs_chain_ = false;
  bool good_ = true;
};

std::string associations_text(const std::vector<dns::Tlsa>& associations) {
  constexpr std::size_t shown = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(associations.size(), shown); ++i) {
    text += (i > 0 ? ", " : "") + tls::to_string(associations[i]);
  }
  if (associations.size() > shown) text += " and " + std::to_string(associations.size() - shown) + " more";
  return text;
}

Finding about_tlsa(const DaneFacts& facts, const sts::TlsaRecords& records) {
  Finding finding{.check = model::check::dane_tlsa, .expected = "signed TLSA records of "};
  for (const std::string& name : records.asked) {
    finding.expected += (name == records.asked.front() ? "" : ", or else of ") + name;
  }
  if (records.asked.empty()) finding.expected += records.base + ", or of what it is an alias of";
  const dns::Answer& answer = *records.answer;
  if (answer.associations.empty()) {
    finding.seen = to_string(answer.status);
  } else if (!facts.authenticated) {
    finding.seen = associations_text(answer.associations) + ", which DNS does not vouch for";
  } else if (facts.associations.empty()) {
    finding.seen = associations_text(answer.associations) + ", none of which counts for SMTP (RFC 7672, 3.1)";
  } else {
    finding.seen = associations_text(facts.associations);
  }
  return finding;
}

}  // namespace

DaneFacts ask_for_tlsa(const OutboundPlan& plan, const Target& target, Recorder& recorder) {
  DaneFacts facts;
  const bool asked = plan.level() == TlsLevel::dane;
  if (target.name.empty()) {
    if (!asked) return facts;
    facts.problem = "the host has no name, by which to ask";
    recorder.add({.check = model::check::dane_tlsa,
                  .outcome = Outcome::fail,
                  .expected = "a host with a name",
                  .seen = facts.problem,
                  .hint = "name the host instead of its address"},
                 Obstacle::certificate);
    return facts;
  }
  const sts::TlsaRecords records = sts::find_tlsa(recorder.services().resolver, mail_host(target));
  const auto& answer = records.answer;
  facts.authenticated = records.authenticated;
  facts.base = records.base;
  facts.names = records.names;
  if (facts.authenticated) {
    std::copy_if(answer->associations.begin(), answer->associations.end(), std::back_inserter(facts.associations),
                 tls::is_usable);
  }
  if (!asked && answer->associations.empty()) return facts;
  Finding finding = about_tlsa(facts, records);
  const bool good = !facts.associations.empty();
  if (!good) finding.outcome = asked ? Outcome::fail : Outcome::not_applicable;
  if (!good && asked) {
    facts.problem = finding.seen;
    if (answer->is_temporary()) finding.outcome = Outcome::temperror;
    finding.hint =
        facts.authenticated
            ? "the partner must publish them, or the connector use another level"
            : "a resolver that validates DNSSEC must run on this machine (dns.servers), and the domain be signed";
  }
  recorder.add(std::move(finding), answer->is_temporary() ? Obstacle::deferred : Obstacle::certificate);
  return facts;
}

bool check_tls(const OutboundPlan& plan, const Target& target, const DaneFacts& dane, const smtp::TlsSession& session,
               Recorder& recorder) {
  return Check(plan, target, dane, session, recorder).run();
}

}  // namespace connectord::probe
