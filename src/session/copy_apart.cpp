#include "copy_apart.h"

#include <algorithm>
#include <chrono>

#include "connectord/base/text.h"
#include "connectord/engine/rules.h"
#include "connectord/mail/header_field.h"
#include "connectord/outbox/copy.h"
#include "connectord/outbox/sender.h"
#include "kept_body.h"
#include "original_message.h"

namespace connectord::session {
namespace {

using model::HeaderChange;

constexpr std::chrono::seconds copying_limit{30};

// The field at that position among those of its name, from 1.
std::vector<mail::HeaderField>::iterator field_at(std::vector<mail::HeaderField>& header, std::string_view name,
                                                  std::uint32_t position) {
  for (auto field = header.begin(); field != header.end(); ++field) {
    if (mail::is_named(field->name, name) && --position == 0) return field;
  }
  return header.end();
}

std::vector<mail::HeaderField> changed(std::vector<mail::HeaderField> header,
                                       const std::vector<HeaderChange>& changes) {
  for (const HeaderChange& change : changes) {
    if (change.kind == HeaderChange::Kind::insert) {
      header.insert(header.begin(), {change.name, " " + change.value});
      continue;
    }
    const auto field = field_at(header, change.name, change.position);
    if (field == header.end()) continue;
    if (change.kind == HeaderChange::Kind::remove) header.erase(field);
    if (change.kind == HeaderChange::Kind::replace) field->value = " " + change.value;
  }
  return header;
}

class Copier {
 public:
  Copier(const runtime::Services& services, const Reported& about, const Apart& apart, model::Decision& decision)
      : services_(services),
        about_(about),
        apart_(apart),
        decision_(decision),
        way_{about.configuration.mail_through(), about.configuration.server.host_name} {}

  void run(const std::vector<HeaderChange>& changes) {
    if (services_.outbox == nullptr) return report(model::Outcome::not_applicable, "nothing is handed over here");
    const smtp::Deadline deadline = std::chrono::steady_clock::now() + copying_limit;
    const auto place = services_.outbox->place(deadline);
    if (!place) return fail("too much mail is being written at this moment");
    const auto key = services_.outbox->key();
    if (!key) return fail(key.error());
    const auto header = changed(about_.original.fields(), changes);
    const auto kind = apart_.decision.signatures.empty() ? outbox::CopyOf::others : outbox::CopyOf::ours;
    const auto copy = outbox::compose_copy({.header = header, .body = *about_.body}, about_.facts.mail_from.address,
                                           recipients(), kind, **key, about_.facts.unix_time);
    if (!copy) return fail(copy.error());
    const auto handed = services_.outbox->hand_over(*copy, way_, deadline);
    if (!handed.is_accepted()) return fail(handed.words);
    report(model::Outcome::pass, handed.words);
  }

 private:
  std::vector<std::string> recipients() const {
    std::vector<std::string> addresses;
    for (const std::size_t number : apart_.numbers) addresses.push_back(about_.facts.recipients[number]);
    return addresses;
  }

  void fail(const std::string& why) {
    report(model::Outcome::temperror, why);
    defer_instead(decision_, {451, "4.3.0", "The message cannot be handed on for a part of its recipients now"});
  }

  void report(model::Outcome outcome, const std::string& seen) {
    decision_.findings.push_back(
        {.check = model::check::rule_mail,
         .outcome = outcome,
         .expected = way_.server.to_string() + " takes the message as it came for " + base::joined(recipients()) +
                     ", whom rules with split = \"copy\" are not for",
         .seen = seen,
         .hint =
             outcome == model::Outcome::temperror
                 ? "server.mail_through names the server, which must take mail from this machine for these addresses"
                 : ""});
  }

  const runtime::Services& services_;
  const Reported& about_;
  const Apart& apart_;
  model::Decision& decision_;
  outbox::Way way_;
};

bool is_not_taken(const model::Decision& decision) {
  return decision.action == model::Action::defer || decision.action == model::Action::reject;
}

// Why a message on which that is the decision is not handed on as it came; empty: it is.
std::string why_not_as_it_came(const model::Decision& decision) {
  const model::RuleChanges& changes = decision.changes;
  const bool is_changed = changes.change_header() || changes.change_body() || !changes.removed_recipients.empty() ||
                          !changes.added_recipients.empty();
  if (decision.action != model::Action::accept || !decision.quarantine.empty()) {
    return "for them too it is answered otherwise than that it is taken";
  }
  if (is_changed || !decision.mail.empty()) return "other rules do something with it for them too";
  return {};
}

std::string why_not_apart(const ApartQuestion& question, const Apart& apart) {
  if (apart.numbers.size() > max_apart) return "they are too many";
  if (!question.original->problem().empty()) return std::string(question.original->problem());
  if (!question.body->problem().empty()) return question.body->problem();
  return why_not_as_it_came(apart.decision);
}

}  // namespace

std::optional<Apart> set_apart(const ApartQuestion& question, model::Decision& decision) {
  model::Facts& facts = question.facts;
  const bool may = question.policy.rules().needs().copies && !facts.is_own_mail && !is_not_taken(decision);
  const auto meant = may ? engine::meant_by_copies(question.policy, facts, decision) : std::vector<std::size_t>();
  if (meant.empty()) return std::nullopt;
  Apart apart;
  for (std::size_t number = 0; number < facts.recipients.size(); ++number) {
    if (!std::binary_search(meant.begin(), meant.end(), number)) apart.numbers.push_back(number);
  }
  facts.apart = meant;
  apart.decision = question.decide();
  facts.apart.clear();
  const std::string why = why_not_apart(question, apart);
  if (!why.empty()) {
    decision.findings.push_back({.check = model::check::rule,
                                 .outcome = model::Outcome::not_applicable,
                                 .expected = "a copy for the recipients that rules with split = \"copy\" are not for",
                                 .seen = "none: " + why,
                                 .hint = "what rules change is changed for all recipients"});
    return std::nullopt;
  }
  facts.apart = apart.numbers;
  decision = question.decide();
  if (is_not_taken(decision)) {
    facts.apart.clear();  // nobody gets it
    return std::nullopt;
  }
  auto& removed = decision.changes.removed_recipients;
  removed.insert(removed.end(), apart.numbers.begin(), apart.numbers.end());
  std::sort(removed.begin(), removed.end());
  return apart;
}

void hand_over_apart(const runtime::Services& services, const Reported& about, const Apart& apart,
                     const std::vector<HeaderChange>& header_changes, model::Decision& decision) {
  Copier(services, about, apart, decision).run(header_changes);
}

std::vector<HeaderChange> changes_of_copy(const std::vector<mail::HeaderField>& header, const std::string& tag_header) {
  std::vector<HeaderChange> changes;
  changes.push_back({HeaderChange::Kind::remove, outbox::Key::token_header, {}, 1});
  for (const char* suffix : {"", "-Route", "-Original-Client", "-Skip-Spam-Filtering", "-Quarantine"}) {
    const std::string name = tag_header + suffix;
    const auto field =
        std::find_if(header.begin(), header.end(), [&name](const auto& one) { return mail::is_named(one.name, name); });
    if (field == header.end()) continue;
    changes.push_back({HeaderChange::Kind::remove, name, {}, 1});
    changes.push_back({HeaderChange::Kind::insert, name, std::string(base::trimmed(field->value)), 0});
  }
  return changes;
}

}  // namespace connectord::session
