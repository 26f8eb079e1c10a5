#include "seal_message.h"

#include <string>
#include <utility>

#include "connectord/auth/arc_sealer.h"
#include "header_edit.h"

namespace connectord::session {
namespace {

using model::HeaderChange;

Sealed not_sealed(const std::string& why) {
  return {{},
          {.check = model::check::sealing,
           .outcome = model::Outcome::not_applicable,
           .expected = "what rules change of mail from outside is sealed",
           .seen = "not sealed: " + why}};
}

tl::expected<auth::ArcFields, std::string> make_set(const Leaving& message, auth::ArcSealer& sealer) {
  const bool is_read = mime::visit(*message.body, {0, message.body->size()}, [&sealer](std::string_view piece) {
    sealer.body(piece);
    return true;
  });
  if (!is_read) return tl::unexpected(std::string("the message cannot be read again"));
  return sealer.finish(results_value(message.configuration.server.authserv_id, message.facts, message.decision),
                       message.facts.unix_time);
}

}  // namespace

Sealed seal_message(const Leaving& message) {
  if (message.identity == nullptr) return not_sealed("without the key, which is not read here");
  if (message.body == nullptr) return not_sealed("its body is not kept");
  if (!message.facts.authentication.arc) return not_sealed("its ARC chain was not looked at");
  auth::DkimHeaders headers(auth::DkimLimits{}.max_header_bytes);
  for (const mail::HeaderField& field : message.header) headers.add(field.name, field.value);
  const auth::DkimSigningIdentity& identity = *message.identity;
  auto sealer = auth::ArcSealer::begin(headers, identity, message.facts.authentication.arc->result);
  if (!sealer) return not_sealed(sealer.error());
  const auto set = make_set(message, *sealer);
  if (!set) return not_sealed(set.error());
  Sealed sealed;
  const auto insert = [&sealed](const char* name, const std::string& value) {
    sealed.header_changes.push_back({HeaderChange::Kind::insert, name, value, 0});
  };
  insert("ARC-Authentication-Results", set->results);
  insert("ARC-Message-Signature", set->message_signature);
  insert("ARC-Seal", set->seal);
  sealed.finding = {.check = model::check::sealing,
                    .outcome = model::Outcome::pass,
                    .expected = "what rules change of mail from outside is sealed",
                    .seen = "sealed for " + identity.domain + " with selector " + identity.selector + " as set " +
                            std::to_string(sealer->instance())};
  return sealed;
}

}  // namespace connectord::session
