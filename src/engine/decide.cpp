#include "connectord/engine/decide.h"

#include <utility>

#include "attribution.h"
#include "authentication.h"
#include "connectord/engine/index.h"
#include "connectord/net/special_addresses.h"
#include "let_in.h"
#include "requirements.h"
#include "rule_run.h"
#include "signing.h"

namespace connectord::engine {
namespace {

using model::Action;
using model::Decision;
using model::Facts;
using model::Finding;
using model::InboundConnector;
using model::Outcome;
using model::Reply;

class Decider {
 public:
  Decider(const Policy& policy, const Facts& facts, NanosecondClock clock)
      : policy_(policy), facts_(facts), clock_(clock) {
    constexpr std::size_t usual = 6;
    decision_.findings.reserve(usual);
  }

  Decision run() {
    check_forged_fields();
    if (is_submission()) {
      finish({.submitted = true});
      return std::move(decision_);
    }
    if (!facts_.mail_from.valid) {
      refuse_unreadable_sender();
      return std::move(decision_);
    }
    const Attribution attribution = attribute(policy_, facts_);
    record(attribution);
    if (attribution.undecided != nullptr) {
      defer_undecided(*attribution.undecided);
      return std::move(decision_);
    }
    const bool is_own = is_own_mail();
    if (facts_.stage == Facts::Stage::message && !is_own) record_authentication(facts_, decision_.findings);
    check_connectors(attribution);
    check_completed_sender(attribution);
    if (decision_.connector.empty()) check_direct_send();
    if (facts_.stage == Facts::Stage::message && !is_own) {
      record_filtering();
      check_dmarc(attribution.connector());
      if (auto admission = explain_admission(policy_, attribution.connector(), facts_, decision_)) {
        decision_.findings.push_back(std::move(*admission));
      }
    }
    if (is_own && facts_.is_copy && !facts_.copy_is_ours) {
      finish({});
      return std::move(decision_);
    }
    finish({.submitted = is_own,
            .connector = attribution.connector(),
            .identified_by = decision_.identified_by,
            .fulfils_connector = fulfils_connector_});
    return std::move(decision_);
  }

 private:
  // Mail of our own users is no inbound mail of anybody's connector.
  bool is_submission() {
    if (!facts_.local_submission && facts_.sasl_username.empty()) return false;
    decision_.findings.push_back(
        {.check = model::check::submission,
         .outcome = Outcome::not_applicable,
         .expected = "mail from another server",
         .seen = facts_.local_submission ? "handed in by the sendmail command" : "submitted by an authenticated user"});
    return true;
  }

  // What connectord wrote and handed to our mail server, on its way through that: no domain's policy is asked, and it
  // is signed as ours. Who else had such a message could hand it over again, so it must come from this machine.
  bool is_own_mail() {
    if (!facts_.is_own_mail || !facts_.client_address) return false;
    const net::IpAddress& client = *facts_.client_address;
    const auto server = net::IpAddress::parse(policy_.configuration().mail_through().host);
    if (net::special_purpose(client) != "loopback" && client != server) return false;
    decision_.findings.push_back(
        {.check = model::check::submission,
         .outcome = Outcome::not_applicable,
         .expected = "mail from another server",
         .seen = facts_.is_copy ? "a copy that connectord made for these recipients alone" : "connectord wrote it"});
    return true;
  }

  // Whoever sends it, and over whichever connector: what is at stake is the mail server.
  void check_forged_fields() {
    const model::ForgedFields& forged = facts_.forged;
    if (forged.count <= max_forged_fields && forged.bytes_to_read <= max_header_bytes_to_read) return;
    decision_.findings.push_back(
        {.check = model::check::forged_fields,
         .outcome = Outcome::fail,
         .expected = "at most " + std::to_string(max_forged_fields) + " fields under names that only we write, and " +
                     std::to_string(max_header_bytes_to_read >> 20) + " MiB of header to read to delete them",
         .seen = std::to_string(forged.count) + " fields, " + std::to_string(forged.bytes_to_read) + " bytes",
         .hint = "no honest message has so many: the sender wants to keep the mail server busy, or the message is in a "
                 "loop"});
    refuse(Outcome::fail, {550, "5.6.0", "The message has too many header fields under names that only we write"});
  }

  void refuse_unreadable_sender() {
    decision_.findings.push_back({.check = model::check::mail_from,
                                  .outcome = Outcome::fail,
                                  .expected = "an address by RFC 5321 that can be read in one way only",
                                  .seen = facts_.mail_from.address,
                                  .hint = "the sending server must write MAIL FROM:<local-part@domain>"});
    refuse(Outcome::fail, {553, "5.1.7", "The address of MAIL FROM cannot be read in one way only"});
  }

  void record(const Attribution& attribution) {
    if (attribution.identified.empty()) {
      decision_.findings.push_back(
          {.check = model::check::attribution,
           .outcome = Outcome::not_applicable,
           .seen = "no connector names the client's certificate, its address, or the sender's domain"});
      return;
    }
    const Identification& chosen = attribution.identified.front();
    for (const Identification& identification : attribution.identified) {
      const bool is_chosen = &identification == &chosen;
      if (!is_chosen && identification.connector == chosen.connector) continue;
      Finding finding{.check = model::check::attribution,
                      .connector = identification.connector->name,
                      .outcome = is_chosen ? Outcome::pass : Outcome::not_applicable,
                      .expected = std::string("identified by ").append(model::to_string(identification.by)),
                      .seen = identification.seen};
      if (!is_chosen) {
        finding.hint = "not chosen: " + chosen.connector->name + " is identified by ";
        finding.hint.append(model::to_string(chosen.by)).append(", which counts more");
      }
      decision_.findings.push_back(std::move(finding));
    }
    decision_.connector = attribution.connector()->name;
    decision_.tag = decision_.connector;
    decision_.identified_by = attribution.identified.front().by;
  }

  void defer_undecided(const InboundConnector& connector) {
    decision_.findings.push_back({.check = model::check::identify_certificate_fingerprints,
                                  .connector = connector.name,
                                  .outcome = Outcome::temperror,
                                  .expected = "the fingerprint of the client's certificate",
                                  .seen = "not known",
                                  .hint = std::string(facts_.certificate.unknown_because)});
    decision_.connector.clear();
    decision_.tag.clear();
    decision_.identified_by = model::IdentifiedBy::nothing;
    refuse(Outcome::temperror, {451, "4.7.1",
                                "Connector " + connector.name +
                                    " is identified by a client certificate's fingerprint, which is "
                                    "not known to us now"});
  }

  // The connector's own requirements always hold. Those of the sender's partners hold beside them, so that nobody gets
  // round a partner's by looking like somebody else, unless a path that we trust has taken the message in.
  void check_connectors(const Attribution& attribution) {
    const InboundConnector* own = attribution.connector();
    if (own != nullptr) fulfils_connector_ = check(*own);
    const bool vouched =
        own != nullptr && own->trusted_path && attribution.identified.front().by != model::IdentifiedBy::sender_domain;
    for (const InboundConnector* partner : attribution.partners_of_sender) {
      if (partner == own) continue;
      if (vouched) {
        decision_.findings.push_back({.check = model::check::trusted_path,
                                      .connector = partner->name,
                                      .outcome = Outcome::not_applicable,
                                      .expected = "requirements of " + partner->name,
                                      .seen = "came in over " + own->name + ", whose path is trusted"});
      } else {
        check(*partner);
      }
    }
  }

  // True if the message fulfils what the connector requires.
  bool check(const InboundConnector& connector) {
    Verdict verdict = check_requirements(policy_, connector, facts_, decision_.findings);
    if (verdict.outcome == Outcome::pass) return true;
    if (connector.mode == model::Mode::audit) {
      decision_.findings.push_back({.check = model::check::mode,
                                    .connector = connector.name,
                                    .outcome = Outcome::not_applicable,
                                    .expected = "audit: nothing is refused",
                                    .seen = "would have been answered " + model::to_string(verdict.reply),
                                    .hint = "set mode = \"enforce\" when this should be refused"});
      return false;
    }
    refuse(verdict.outcome, std::move(verdict.reply));
    return false;
  }

  // What a mail server makes of a domain without a dot may be a partner's name, whose requirements nobody would have
  // checked. Our own hosts, and paths that we trust, may use short names.
  void check_completed_sender(const Attribution& attribution) {
    if (!net::is_single_label(facts_.mail_from.domain) || !policy_.index().has_named_partners()) return;
    const InboundConnector* own = attribution.connector();
    const bool is_known = own != nullptr && attribution.identified.front().by != model::IdentifiedBy::sender_domain;
    const auto& client = facts_.client_address;
    if (is_known && (own->trusted_path || (client && is_host_of_ours(*own, *client)))) return;
    decision_.findings.push_back({.check = model::check::mail_from,
                                  .outcome = Outcome::fail,
                                  .expected = "a domain with a dot, which no mail server completes with its own",
                                  .seen = facts_.mail_from.domain,
                                  .hint = "the sending server must write its full domain name; a host of ours needs a "
                                          "connector of scenario on-premises that names its address"});
    refuse(Outcome::fail, {553, "5.1.7", "The domain of MAIL FROM has no dot, so it can be read in more than one way"});
  }

  void check_direct_send() {
    const model::Organization& organization = policy_.configuration().organization;
    const model::Sender& sender = facts_.mail_from;
    if (!organization.reject_direct_send || (sender.domain.empty() && sender.qualified)) return;
    const bool completed = !sender.qualified || net::is_single_label(sender.domain);
    const bool ours = completed || policy_.index().accepted_domains().matches(sender.domain);
    const std::string from = sender.qualified ? sender.domain : "an address without a domain";
    Finding finding{.check = model::check::organization_reject_direct_send,
                    .outcome = ours ? Outcome::fail : Outcome::pass,
                    .expected = "mail of our own domains is authenticated or comes over a connector",
                    .seen = "mail from " + from};
    if (ours) finding.hint = "submit with authentication, or make a connector for this client";
    decision_.findings.push_back(std::move(finding));
    if (ours) {
      refuse(Outcome::fail,
             {550, "5.7.1", "Mail from " + from + " must be submitted with authentication or over a connector"});
    }
  }

  void record_filtering() {
    if (facts_.no_skip_listing.empty()) return;
    decision_.findings.push_back({.check = model::check::enhanced_filtering,
                                  .connector = decision_.connector,
                                  .outcome = Outcome::not_applicable,
                                  .expected = "skip listing, as the connector says",
                                  .seen = "none: " + std::string(facts_.no_skip_listing)});
  }

  void check_dmarc(const InboundConnector* connector) {
    DmarcVerdict verdict = follow_dmarc(policy_, connector, decision_.identified_by, facts_, decision_.findings);
    decision_.dmarc_override = verdict.dmarc_override;
    if (verdict.action == Action::reject || verdict.action == Action::defer) {
      refuse(verdict.action == Action::reject ? Outcome::fail : Outcome::temperror, std::move(verdict.reply));
    } else if (decision_.action == Action::accept) {
      decision_.action = verdict.action;
      decision_.quarantine = std::move(verdict.quarantine);
    }
  }

  // What is not set aside by what it is may be signed, also where a rule holds it: it is not seen again when it is
  // released.
  void finish(const SigningSource& source) {
    const bool is_clean = decision_.action == Action::accept && decision_.quarantine.empty();
    const bool goes_on = decision_.action == Action::accept || decision_.action == Action::quarantine;
    if (facts_.stage == Facts::Stage::message && goes_on) run_rules(policy_, facts_, decision_, clock_);
    const bool is_taken = decision_.action == Action::accept || decision_.action == Action::quarantine;
    decision_.seals = is_taken && !source.submitted && policy_.configuration().sealing && changes_message();
    if (!is_clean || !is_taken) return;
    decision_.signatures = choose_signatures(policy_, source, facts_, decision_.findings);
    if (!decision_.signatures.empty()) decision_.seals = false;  // it is ours, and signed as it leaves
  }

  // Which is then another one than its author has signed.
  bool changes_message() const { return decision_.changes.change_header() || decision_.changes.change_body(); }

  // The first failure stays; a failure counts more than what is only not known now.
  void refuse(Outcome outcome, Reply reply) {
    const Action action = outcome == Outcome::fail ? Action::reject : Action::defer;
    if (decision_.action == Action::reject || decision_.action == action) return;
    decision_.action = action;
    decision_.reply = std::move(reply);
  }

  const Policy& policy_;
  const Facts& facts_;
  NanosecondClock clock_;
  Decision decision_;
  bool fulfils_connector_ = true;
};

}  // namespace

Decision decide(const Policy& policy, const Facts& facts, NanosecondClock clock) {
  return Decider(policy, facts, clock).run();
}

}  // namespace connectord::engine
