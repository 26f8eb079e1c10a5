#include "authentication.h"

#include <algorithm>
#include <utility>

#include "connectord/engine/index.h"
#include "connectord/mail/sealed_results.h"

namespace connectord::engine {
namespace {

using model::Authentication;
using model::DkimResult;
using model::DkimSignature;
using model::DmarcOutcome;
using model::DmarcPolicy;
using model::DmarcResult;
using model::Finding;
using model::Outcome;
using model::SpfResult;

constexpr std::string_view several_failed = "7.26";

std::string with_problem(std::string text, const std::string& problem) {
  if (!problem.empty()) text.append(" (").append(problem).append(")");
  return text;
}

std::string describe(const model::SpfOutcome& spf) {
  std::string text = std::string(to_string(spf.result)) + " for " + spf.domain;
  if (!spf.mechanism.empty()) text += " by " + spf.mechanism;
  return with_problem(std::move(text), spf.problem);
}

std::string describe(const DkimSignature& signature) {
  std::string text = std::string(to_string(signature.result)) + " for " + signature.domain;
  if (signature.body_length_limited) text += ", a part of the body is not signed";
  if (signature.testing) text += ", the key is being tested";
  return with_problem(std::move(text), signature.problem);
}

std::string describe(const std::vector<DkimSignature>& signatures) {
  if (signatures.empty()) return "no signature";
  std::string text;
  for (const DkimSignature& signature : signatures) text += (text.empty() ? "" : "; ") + describe(signature);
  return text;
}

std::string describe(const DmarcOutcome& dmarc) {
  std::string text = std::string(to_string(dmarc.result)) + " for " +
                     (dmarc.from_domain.empty() ? "an author that is not certain" : dmarc.from_domain);
  if (!dmarc.record_domain.empty()) text += ", policy " + std::string(to_string(dmarc.policy));
  return with_problem(std::move(text), dmarc.problem);
}

Outcome outcome_of(SpfResult result) {
  if (result == SpfResult::pass) return Outcome::pass;
  return result == SpfResult::temperror ? Outcome::temperror : Outcome::fail;
}

Outcome outcome_of(DmarcResult result) {
  if (result == DmarcResult::pass) return Outcome::pass;
  return result == DmarcResult::temperror ? Outcome::temperror : Outcome::fail;
}

// One requirement's check before it is put together with the others.
struct Check {
  Outcome outcome = Outcome::pass;
  std::string_view status;
  std::string_view complaint;
};

class Requirements {
 public:
  Requirements(const Policy& policy, const model::InboundConnector& connector, const model::Facts& facts,
               std::vector<Finding>& findings)
      : trusts_body_length_(policy.configuration().authentication.trust_body_length),
        connector_(connector),
        results_(facts.authentication),
        findings_(findings) {}

  AuthenticationVerdict run() {
    const model::Require& require = connector_.require;
    if (require.spf != model::Requirement::none) spf();
    if (require.dkim != model::Requirement::none) dkim(require.dkim == model::Requirement::aligned);
    if (require.dmarc != model::Requirement::none) dmarc();
    return verdict();
  }

 private:
  void spf() {
    if (!results_.spf) return not_known(model::check::require_spf, "pass");
    const Outcome outcome = outcome_of(results_.spf->result);
    const bool later = outcome == Outcome::temperror;
    add(model::check::require_spf, "pass", describe(*results_.spf), outcome,
        {outcome, later ? "7.24" : "7.23",
         later ? "requires SPF to pass, and DNS does not tell now" : "requires SPF to pass, and it does not"});
  }

  void dkim(bool aligned) {
    const std::string expected = aligned ? "a valid signature of the domain in From" : "a valid signature";
    if (!results_.dkim) return not_known(model::check::require_dkim, expected);
    const Check check = check_dkim(*results_.dkim, aligned);
    add(model::check::require_dkim, expected, describe(*results_.dkim), check.outcome, check);
  }

  // RFC 7372, 3.1: none passes; some pass, and none of them is to be taken; none of them is the author's.
  Check check_dkim(const std::vector<DkimSignature>& signatures, bool aligned) const {
    const auto any = [&signatures](auto&& condition) {
      return std::any_of(signatures.begin(), signatures.end(), condition);
    };
    const auto passes = [](const DkimSignature& signature) { return signature.result == DkimResult::pass; };
    const auto whole = [&](const DkimSignature& signature) {
      return passes(signature) && (!signature.body_length_limited || trusts_body_length_);
    };
    const auto ours = [&](const DkimSignature& signature) { return whole(signature) && is_authors(signature); };
    if (aligned ? any(ours) || author_is_aligned() : any(whole)) return {};
    const bool not_known_now = any([](const auto& signature) { return signature.result == DkimResult::temperror; }) ||
                               (aligned && results_.dmarc && results_.dmarc->result == DmarcResult::temperror);
    if (not_known_now)
      return {Outcome::temperror, "7.20", "requires a DKIM signature, whose key DNS does not tell now"};
    if (any(whole)) {
      return {Outcome::fail, "7.22", "requires a DKIM signature of the domain in From, and there is no valid one"};
    }
    if (any(passes)) {
      return {Outcome::fail, "7.21",
              "requires a DKIM signature of the whole body, and this one leaves a part unsigned"};
    }
    return {Outcome::fail, "7.20", "requires a valid DKIM signature, and there is none"};
  }

  // Without a DMARC record only the very domain is known to be the author's.
  bool is_authors(const DkimSignature& signature) const {
    return results_.dmarc && !results_.dmarc->from_domain.empty() && signature.domain == results_.dmarc->from_domain;
  }
  bool author_is_aligned() const { return results_.dmarc && results_.dmarc->dkim_aligned; }

  void dmarc() {
    if (!results_.dmarc) return not_known(model::check::require_dmarc, "pass");
    const Outcome outcome = outcome_of(results_.dmarc->result);
    const bool later = outcome == Outcome::temperror;
    add(model::check::require_dmarc, "pass", describe(*results_.dmarc), outcome,
        {outcome, several_failed,
         later ? "requires DMARC to pass, and DNS does not tell now" : "requires DMARC to pass, and it does not"});
  }

  void not_known(std::string_view check, std::string expected) {
    findings_.push_back({.check = std::string(check),
                         .connector = connector_.name,
                         .outcome = Outcome::not_applicable,
                         .expected = std::move(expected),
                         .seen = "not known without the message",
                         .hint = "give the message too"});
  }

  void add(std::string_view check, std::string expected, std::string seen, Outcome outcome, const Check& result) {
    findings_.push_back({.check = std::string(check),
                         .connector = connector_.name,
                         .outcome = outcome,
                         .expected = std::move(expected),
                         .seen = std::move(seen)});
    if (outcome != Outcome::pass) failed_.push_back(result);
  }

  AuthenticationVerdict verdict() const {
    const auto permanent = [](const Check& check) { return check.outcome == Outcome::fail; };
    const auto failures = std::count_if(failed_.begin(), failed_.end(), permanent);
    if (failures > 1)
      return {Outcome::fail, several_failed, "requires several authentication checks to pass that do not"};
    auto chosen = std::find_if(failed_.begin(), failed_.end(), permanent);
    if (chosen == failed_.end()) chosen = failed_.begin();
    if (chosen == failed_.end()) return {};
    return {chosen->outcome, chosen->status, std::string(chosen->complaint)};
  }

  const bool trusts_body_length_;
  const model::InboundConnector& connector_;
  const Authentication& results_;
  std::vector<Finding>& findings_;
  std::vector<Check> failed_;
};

// A sealer that we trust saw DMARC pass before the message was changed (RFC 8617, 7.2.1). It cannot vouch for a message
// whose From does not name one author: it saw one field or another, and nobody knows which.
bool vouched_by_sealer(const Policy& policy, const Authentication& results) {
  if (!results.arc || !results.dmarc || results.arc->result != model::ArcResult::pass || results.arc->sets.empty())
    return false;
  if (results.dmarc->result == DmarcResult::permerror || results.dmarc->from_domain.empty()) return false;
  const model::ArcSet& last = results.arc->sets.back();
  return policy.index().trusted_sealers().matches(last.domain) &&
         mail::say_dmarc_passed(last.authentication_results, results.dmarc->from_domain);
}

// Anybody can write a MAIL FROM, so a connector that is identified by it has a say in mail of its own domains only.
bool has_a_say(const Policy& policy, const model::InboundConnector& connector, model::IdentifiedBy identified_by,
               const std::string& author) {
  if (identified_by != model::IdentifiedBy::sender_domain) return true;
  if (author.empty()) return false;
  const auto own = policy.index().named(connector.name);
  bool names_author = false;
  policy.index().sender_domains().visit(author, [&](ConnectorNumber number, unsigned) {
    if (number == own) names_author = true;
  });
  return names_author;
}

std::string_view override_of(const Policy& policy, const model::InboundConnector* connector,
                             model::IdentifiedBy identified_by, const model::Facts& facts) {
  if (connector != nullptr && connector->mode == model::Mode::audit &&
      has_a_say(policy, *connector, identified_by, facts.authentication.dmarc->from_domain)) {
    return "the connector is in audit mode";
  }
  if (connector != nullptr && connector->trusted_path && identified_by != model::IdentifiedBy::sender_domain) {
    return "the connector's path is trusted";
  }
  if (vouched_by_sealer(policy, facts.authentication)) {
    return model::override_by_sealer;
  }
  return {};
}

// The verdict without overrides. `accept` where there is nothing to refuse for.
DmarcVerdict by_policy(const DmarcOutcome& dmarc, model::Quarantine quarantine) {
  DmarcVerdict verdict;
  if (dmarc.result == DmarcResult::permerror) {
    verdict.action = model::Action::reject;
    verdict.reply = {550, "5.7.1", "The From field does not name one author domain: " + dmarc.problem};
  } else if (dmarc.result == DmarcResult::temperror) {
    verdict.action = model::Action::defer;
    verdict.reply = {
        451, "4.7.1",
        dmarc.from_domain.empty()
            ? "DNS does not tell now whether an author that this may name has a DMARC policy: " + dmarc.problem
            : "DNS does not tell now whether " + dmarc.from_domain + " sent this (DMARC)"};
  } else if (dmarc.result == DmarcResult::fail && dmarc.policy == DmarcPolicy::reject) {
    verdict.action = model::Action::reject;
    verdict.reply = {550, "5.7.1",
                     "The DMARC policy of " + dmarc.record_domain + " asks to reject mail from " + dmarc.from_domain +
                         " that is not authenticated"};
  } else if (dmarc.result == DmarcResult::fail && dmarc.policy == DmarcPolicy::quarantine) {
    const bool hold = quarantine == model::Quarantine::hold;
    verdict.action = hold ? model::Action::quarantine : model::Action::accept;
    verdict.quarantine = "DMARC policy of " + dmarc.record_domain + " for " + dmarc.from_domain;
  }
  return verdict;
}

// There is no policy that such mail could get round, and an ugly header is no forgery.
void record_uncertain_author(const DmarcOutcome& dmarc, std::vector<Finding>& findings) {
  findings.push_back({.check = model::check::author,
                      .outcome = Outcome::not_applicable,
                      .expected = "From names one author domain",
                      .seen = dmarc.problem,
                      .hint = "it passes, since no domain that it may name has a DMARC policy"});
}

void record_direct_results(const model::OriginalClient& original, std::vector<Finding>& findings) {
  findings.push_back({.check = model::check::original_client,
                      .outcome = Outcome::result,
                      .expected = "the client that handed the message to the gateway",
                      .seen = original.address.to_string() + ": " + original.trail});
  const Authentication& direct = original.without_skipping;
  if (direct.spf) {
    findings.push_back(
        {.check = model::check::spf_without_skipping, .outcome = Outcome::result, .seen = describe(*direct.spf)});
  }
  if (direct.dmarc) {
    findings.push_back(
        {.check = model::check::dmarc_without_skipping, .outcome = Outcome::result, .seen = describe(*direct.dmarc)});
  }
}

}  // namespace

AuthenticationVerdict check_authentication(const Policy& policy, const model::InboundConnector& connector,
                                           const model::Facts& facts, std::vector<Finding>& findings) {
  return Requirements(policy, connector, facts, findings).run();
}

DmarcVerdict follow_dmarc(const Policy& policy, const model::InboundConnector* connector,
                          model::IdentifiedBy identified_by, const model::Facts& facts,
                          std::vector<Finding>& findings) {
  const model::AuthenticationSettings& settings = policy.configuration().authentication;
  if (settings.dmarc == model::DmarcMode::off || !facts.authentication.dmarc) return {};
  const DmarcOutcome& dmarc = *facts.authentication.dmarc;
  DmarcVerdict verdict = by_policy(dmarc, settings.quarantine);
  const bool refuses = verdict.action != model::Action::accept || !verdict.quarantine.empty();
  Finding finding{.check = model::check::dmarc,
                  .outcome = Outcome::not_applicable,
                  .expected = "the author domain's policy is fulfilled",
                  .seen = describe(dmarc)};
  if (!refuses) {
    finding.outcome = dmarc.result == DmarcResult::pass ? Outcome::pass : Outcome::result;
    if (finding.outcome == Outcome::result) finding.expected.clear();
    findings.push_back(std::move(finding));
    if (dmarc.from_domain.empty()) record_uncertain_author(dmarc, findings);
    return {};
  }
  const std::string_view reason = settings.dmarc == model::DmarcMode::report
                                      ? "authentication.dmarc is \"report\""
                                      : override_of(policy, connector, identified_by, facts);
  if (reason.empty()) {
    finding.outcome = verdict.action == model::Action::defer ? Outcome::temperror : Outcome::fail;
    finding.hint = "the sender's domain must authenticate this mail, or a connector must say how to judge it";
    findings.push_back(std::move(finding));
    return verdict;
  }
  finding.hint = std::string(reason) + "; it would have been " +
                 (verdict.quarantine.empty() ? "answered " + to_string(verdict.reply) : "quarantined");
  findings.push_back(std::move(finding));
  DmarcVerdict overridden;
  overridden.dmarc_override = reason;
  return overridden;
}

void record_authentication(const model::Facts& facts, std::vector<Finding>& findings) {
  const Authentication& results = facts.authentication;
  if (facts.original) record_direct_results(*facts.original, findings);
  if (results.spf) {
    findings.push_back({.check = model::check::spf, .outcome = Outcome::result, .seen = describe(*results.spf)});
  }
  if (results.dkim) {
    findings.push_back({.check = model::check::dkim, .outcome = Outcome::result, .seen = describe(*results.dkim)});
  }
  if (results.arc && results.arc->result != model::ArcResult::none) {
    findings.push_back({.check = model::check::arc,
                        .outcome = Outcome::result,
                        .seen = with_problem(std::string(to_string(results.arc->result)), results.arc->problem)});
  }
}

}  // namespace connectord::engine
