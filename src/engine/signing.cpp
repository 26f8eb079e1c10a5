#include "signing.h"

#include <string>
#include <utility>

#include "attribution.h"
#include "connectord/engine/index.h"
#include "connectord/engine/signing.h"

namespace connectord::engine {
namespace {

using model::Finding;
using model::InboundConnector;
using model::Outcome;

// A gateway hands over strangers' mail beside ours, so mail of a connector that looks through it is ours only if the
// machine that it set out from is: the client itself, where there was nothing to be looked through, or a host of ours.
std::string why_origin_is_not_ours(const Policy& policy, const std::string& connector, const model::Facts& facts) {
  const std::string through = connector + " looks through gateways, and ";
  if (!facts.original) return through + "the original client was not looked for";
  const auto& origin = facts.original->origin;
  if (!origin) return through + "the original client is not known for certain: " + facts.original->trail;
  if (!facts.original->moved && origin == facts.client_address) return {};
  const auto* owner = owner_of(policy, *origin).connector;
  if (owner != nullptr && is_host_of_ours(*owner, *origin)) return {};
  return through + "the original client " + origin->to_string() +
         " is in no client_networks of an on-premises connector";
}

// Why the message is none of ours; empty if it is. Only who was identified by what nobody else can claim counts.
std::string why_not_ours(const Policy& policy, const SigningSource& source, const model::Facts& facts) {
  if (source.submitted) return {};
  if (source.connector == nullptr) return "it comes from elsewhere, over no connector";
  const std::string name = "connector " + source.connector->name;
  if (source.connector->scenario != model::Scenario::on_premises) return "it comes over " + name + ", not from us";
  if (source.identified_by == model::IdentifiedBy::sender_domain) {
    return name + " is identified by the sender's domain only, which anybody can write";
  }
  if (!source.fulfils_connector) return "it does not fulfil what " + name + " requires";
  if (source.connector->enhanced_filtering) return why_origin_is_not_ours(policy, name, facts);
  return {};
}

Finding not_signed(std::string seen, std::string hint = {}) {
  return {.check = model::check::signing,
          .outcome = Outcome::not_applicable,
          .expected = "mail of ours, of a domain with a [[signing]]",
          .seen = "not signed: " + std::move(seen),
          .hint = std::move(hint)};
}

Finding signed_by(const model::Signing& signing) {
  return {.check = model::check::signing,
          .outcome = Outcome::pass,
          .expected = "mail of ours is signed for " + signing.domain.to_string(),
          .seen = "signed for " + signing.domain.name() + " with selector " + signing.selector};
}

}  // namespace

std::vector<std::size_t> signatures_for(const Policy& policy, std::string_view author_domain) {
  std::vector<std::size_t> found;
  unsigned best = 0;
  policy.index().signing().visit(author_domain, [&](ConnectorNumber number, unsigned specific) {
    if (found.empty()) best = specific;
    if (specific == best) found.push_back(number);
  });
  return found;
}

std::vector<std::size_t> choose_signatures(const Policy& policy, const SigningSource& source, const model::Facts& facts,
                                           std::vector<model::Finding>& findings) {
  if (facts.stage != model::Facts::Stage::message || !facts.author) return {};
  const model::Author& author = *facts.author;
  auto chosen = signatures_for(policy, author.domain);
  const std::string foreign = why_not_ours(policy, source, facts);
  if (!foreign.empty()) {
    if (!chosen.empty()) findings.push_back(not_signed(foreign));
    return {};
  }
  if (author.domain.empty()) {
    findings.push_back(not_signed(author.unsignable, "the message needs one From field with an address of one domain"));
    return {};
  }
  if (chosen.empty()) {
    findings.push_back(not_signed("there is no [[signing]] for " + author.domain,
                                  "make a key with: connectorctl dkim new " + author.domain));
    return {};
  }
  if (!author.unsignable.empty()) {
    findings.push_back(not_signed(author.unsignable));
    return {};
  }
  if (facts.forwarded) {
    std::erase_if(chosen, [&](std::size_t number) { return !policy.configuration().signing[number].forwarded; });
    if (chosen.empty()) {
      findings.push_back(
          not_signed("the sendmail command handed it in with a Received field, so anybody may have written it",
                     "forwarded = true in the [[signing]] signs such mail too"));
    }
  }
  for (const std::size_t number : chosen) findings.push_back(signed_by(policy.configuration().signing[number]));
  return chosen;
}

}  // namespace connectord::engine
