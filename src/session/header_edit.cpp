#include "header_edit.h"

#include "connectord/engine/decide.h"
#include "connectord/mail/authentication_results.h"
#include "connectord/mail/header_field.h"

namespace connectord::session {
namespace {

constexpr const char* results_field = "Authentication-Results";

using Changes = std::vector<model::HeaderChange>;

void remove(Changes& changes, const std::string& name, std::uint32_t position) {
  changes.push_back({model::HeaderChange::Kind::remove, name, {}, position});
}

// Each goes to the top, so what is inserted last stands first.
void insert(Changes& changes, const std::string& name, std::string value) {
  changes.push_back({model::HeaderChange::Kind::insert, name, std::move(value), 0});
}

}  // namespace

std::string results_value(const std::string& authserv_id, const model::Facts& facts, const model::Decision& decision) {
  const model::Authentication& found = facts.authentication;
  mail::AuthenticationResults results(authserv_id);
  if (found.spf) {
    const bool moved = facts.original && facts.original->moved;
    results.add_spf(*found.spf, facts.mail_from.address, moved ? facts.original->helo : facts.helo);
  }
  if (found.dkim) results.add_dkim(*found.dkim);
  if (found.dmarc) results.add_dmarc(*found.dmarc);
  if (found.arc) {
    const std::string sealer = found.arc->sets.empty() ? "" : found.arc->sets.back().domain;
    results.add("arc", to_string(found.arc->result), found.arc->problem, {{"header", "d", sealer}});
  }
  if (!decision.dmarc_override.empty()) {
    results.add("x-dmarc-override", "applied", decision.dmarc_override, {});
  }
  results.add_tls(facts.tls);
  return results.value();
}

HeaderEdit::HeaderEdit(const model::Configuration& configuration) : configuration_(configuration) {
  const std::string& name = configuration.tag.header;
  own_[tag].name = name;
  own_[route].name = name + "-Route";
  own_[original_client].name = name + "-Original-Client";
  own_[skip_spam_filtering].name = name + "-Skip-Spam-Filtering";
  own_[quarantine].name = name + "-Quarantine";
}

bool HeaderEdit::note(std::string_view name, std::string_view value) {
  constexpr std::size_t colon_and_line_end = 2;
  header_bytes_ += name.size() + value.size() + colon_and_line_end;
  if (!is_forged(name, value)) return false;
  ++forged_.count;
  forged_.bytes_to_read += header_bytes_;
  return true;
}

bool HeaderEdit::is_forged(std::string_view name, std::string_view value) {
  for (Own& own : own_) {
    if (!mail::is_named(name, own.name)) continue;
    ++own.count;
    return true;
  }
  if (!mail::is_named(name, results_field)) return false;
  ++results_seen_;
  if (!mail::claims_authserv_id(value, configuration_.server.authserv_id)) return false;
  if (forged_results_.size() < engine::max_forged_fields) forged_results_.push_back(results_seen_);
  return true;
}

Changes HeaderEdit::changes(const model::Facts& facts, const model::Decision& decision,
                            const model::EnhancedFiltering* filtering, const std::string& received_spf) const {
  Changes changes;
  changes.reserve(forged_.count + own_fields + 2);
  for (const Own& own : own_) {
    for (std::uint32_t position = own.count; position > 0; --position) remove(changes, own.name, position);
  }
  for (auto forged = forged_results_.rbegin(); forged != forged_results_.rend(); ++forged) {
    remove(changes, results_field, *forged);
  }
  if (!received_spf.empty()) insert(changes, "Received-SPF", received_spf);
  const model::Authentication& found = facts.authentication;
  if (found.spf || found.dkim || found.dmarc || found.arc) {
    insert(changes, results_field, results_value(configuration_.server.authserv_id, facts, decision));
  }
  if (facts.original && facts.original->moved) {
    insert(changes, own_[original_client].name, facts.original->address.to_string());
  }
  if (filtering != nullptr && filtering->skip_spam_filtering) {
    insert(changes, own_[skip_spam_filtering].name, "yes");
  }
  if (!decision.quarantine.empty() && decision.action == model::Action::accept) {
    insert(changes, own_[quarantine].name, decision.quarantine);
  }
  if (!decision.outbound.empty()) insert(changes, own_[route].name, decision.outbound);
  if (!decision.tag.empty()) insert(changes, own_[tag].name, decision.tag);
  return changes;
}

}  // namespace connectord::session
