#include "certificate_checks.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/sts/tlsa.h"
#include "step_log.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::Outcome;
using model::TlsLevel;

// The checks of one host's certificate, in the order in which they are reported.
class Check {
 public:
  Check(const OutboundPlan& plan, const Target& target, const DaneFacts& dane, const smtp::TlsSession& session,
        StepLog& steps)
      : plan_(plan), target_(target), dane_(dane), session_(session), steps_(steps) {
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
    steps_.saw(leaf());
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
  std::int64_t now() const { return steps_.services().unix_time(); }

  void fail(Finding finding, Obstacle obstacle) {
    finding.outcome = Outcome::fail;
    steps_.add(std::move(finding), obstacle);
    good_ = false;
  }

  // Fails where the connector asks for it, and is only reported otherwise.
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
    steps_.add(std::move(finding));
  }

  void version() {
    Finding finding{.check = model::check::tls_version};
    finding.seen = std::string(to_string(session_.version)) + " with " + base::printable(session_.cipher);
    const model::TlsVersion lowest = plan_.connector.tls ? plan_.connector.tls->version : model::TlsVersion::none;
    finding.expected = lowest == model::TlsVersion::none ? "any version" : std::string(to_string(lowest)) + " or later";
    if (session_.version < lowest) {
      finding.hint =
          either("the partner must enable a later version, or the connector ask for less: outbound.tls.version",
                 "enable a later version in your mail server");
      return fail(std::move(finding), Obstacle::tls_failed);
    }
    const bool is_old = session_.version < model::TlsVersion::tls1_2;
    if (!is_old) return steps_.add(std::move(finding));
    finding.hint = "this version is no longer safe (RFC 8996), and mail servers refuse it by default";
    steps_.warn(std::move(finding));
  }

  void no_certificate() {
    judge({.check = model::check::certificate_chain, .expected = "a certificate", .seen = "none"}, false, needs_chain_,
          either("the partner's server must have one", "give your mail server one"));
  }

  void chain() {
    Finding finding{.check = model::check::certificate_chain,
                    .expected = "an authority of " + plan_.trusts + " vouches for it"};
    const auto verdict = plan_.trusted ? tls::verify(session_.chain, *plan_.trusted, now()) : tls::ChainVerdict{};
    finding.seen = verdict.trusted() ? verdict.anchor : verdict.problem;
    if (!plan_.trusted) finding.seen = "the authorities cannot be read";
    const bool good = plan_.trusted && verdict.trusted();
    judge(std::move(finding), good, needs_chain_, hint_for_chain());
  }

  // Who has to act: of our own domain's hosts nobody else.
  std::string_view either(std::string_view theirs, std::string_view ours) const {
    return plan_.options.ours ? ours : theirs;
  }

  std::string_view hint_for_chain() const {
    if (plan_.options.ours) {
      return leaf().self_signed ? "have an authority issue your certificate"
                                : "add the intermediate certificates to your server's file";
    }
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
    judge({.check = model::check::certificate_name, .expected = base::joined(wanted), .seen = tls::names_of(leaf())},
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
        return judge(std::move(finding), false, needs_chain_,
                     either("the partner must renew the certificate", "renew your certificate"));
      }
    }
    const std::int64_t left = leaf().not_after - now();
    if (left > renewal_time) return steps_.add(std::move(finding));
    finding.seen += ", " + std::to_string(left / base::day_seconds) + " days left";
    finding.hint = either("ask the partner to renew it", "renew it");
    steps_.warn(std::move(finding));
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
      finding.hint = either("ask the partner at once: the certificate's key may be in other hands",
                            "get another certificate with another key at once: this one's may be in other hands");
      return fail(std::move(finding), Obstacle::certificate);
    }
    if (verdict.status == tls::Revocation::unknown) {
      finding.outcome = Outcome::temperror;
      finding.hint = "give the authority's list of revoked certificates with --crl FILE";
    }
    steps_.add(std::move(finding), Obstacle::incomplete);
  }

  void dane() {
    const tls::DaneVerdict verdict = tls::check_dane(session_.chain, dane_.associations, dane_.names, now());
    Finding finding{.check = model::check::dane_certificate,
                    .expected = "a certificate that one of the TLSA records names",
                    .seen = verdict.problem.empty() ? "matched by " + verdict.matched : verdict.problem};
    if (verdict.problem.empty()) return steps_.add(std::move(finding));
    finding.hint = either("the partner changed the certificate and not the TLSA record, or somebody is in between",
                          "publish the TLSA record of the certificate that your server shows");
    // Of our own records senders who heed DANE think so, whatever we ask for on the way out.
    const bool counts = plan_.goes_by_dane() || plan_.options.ours;
    if (counts) return fail(std::move(finding), Obstacle::certificate);
    finding.outcome = Outcome::fail;
    steps_.warn(std::move(finding));
  }

  // RFC 8461, 4.2: a chain that the system trusts, for the host's name.
  void sts() {
    const auto verdict = plan_.system ? tls::verify(session_.chain, *plan_.system, now()) : tls::ChainVerdict{};
    Finding finding{.check = model::check::mta_sts_certificate,
                    .expected = "a trusted certificate for " + target_.name,
                    .seen = tls::names_of(leaf())};
    const bool good =
        plan_.system && verdict.trusted() && verdict.out_of_date.empty() && tls::names_server(leaf(), target_.name);
    if (good) return steps_.add(std::move(finding));
    if (!verdict.trusted()) finding.seen += "; " + verdict.problem;
    finding.hint = either("the partner's policy asks senders not to deliver so (RFC 8461)",
                          "your policy asks senders not to deliver so (RFC 8461)");
    // DANE counts before a policy (RFC 8461, 2), with senders who heed it.
    const bool is_by_dane = plan_.wish.dane && !dane_.associations.empty();
    const bool goes_by_it = plan_.options.ours || (plan_.goes_by_policies() && !is_by_dane);
    if (goes_by_it && policy_->mode == sts::StsPolicy::Mode::enforce)
      return fail(std::move(finding), Obstacle::sts_policy);
    finding.outcome = Outcome::fail;
    steps_.warn(std::move(finding));
  }

  const OutboundPlan& plan_;
  const Target& target_;
  const DaneFacts& dane_;
  const smtp::TlsSession& session_;
  StepLog& steps_;
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

DaneFacts ask_for_tlsa(const OutboundPlan& plan, const Target& target, StepLog& steps) {
  DaneFacts facts;
  const bool asked = plan.level() == TlsLevel::dane;
  if (target.name.empty()) {
    if (!asked) return facts;
    facts.problem = "the host has no name, by which to ask";
    steps.add({.check = model::check::dane_tlsa,
               .outcome = Outcome::fail,
               .expected = "a host with a name",
               .seen = facts.problem,
               .hint = "name the host instead of its address"},
              Obstacle::certificate);
    return facts;
  }
  const sts::TlsaRecords records = sts::find_tlsa(steps.services().resolver, mail_host(target));
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
  steps.add(std::move(finding), answer->is_temporary() ? Obstacle::deferred : Obstacle::certificate);
  return facts;
}

bool check_tls(const OutboundPlan& plan, const Target& target, const DaneFacts& dane, const smtp::TlsSession& session,
               StepLog& steps) {
  return Check(plan, target, dane, session, steps).run();
}

}  // namespace connectord::probe
