#include "message_signer.h"

#include <algorithm>
#include <utility>

#include "connectord/auth/dkim.h"
#include "connectord/engine/signing.h"
#include "connectord/mail/author.h"
#include "connectord/mail/header_field.h"

namespace connectord::session {
namespace {

// What can be read in two ways is nobody's, so that no signature of ours vouches for one of them.
model::Author read_author(const std::vector<std::string>& from_values) {
  const auto author = mail::parse_author({from_values.begin(), from_values.end()});
  if (author && author->is_certain()) return {author->domains.front(), {}};
  const bool names_several = !author || !author->domains.empty();
  const std::string& why = author ? author->remark : author.error();
  return {{}, (names_several ? "From cannot be read in one way only: " : "From names no author: ") + why};
}

}  // namespace

MessageSigner::MessageSigner(const engine::Policy& policy, std::shared_ptr<const runtime::SigningKeys> keys)
    : policy_(policy),
      keys_(std::move(keys)),
      headers_(auth::DkimLimits{}.max_header_bytes),
      author_{{}, "it has no From field"} {}

void MessageSigner::header(std::string_view name, std::string_view value) {
  headers_.add(name, value);
  if (mail::is_named(name, "From") && from_values_.size() <= mail::max_from_fields) {
    from_values_.emplace_back(value.substr(0, mail::max_read_value_length + 1));
  }
}

void MessageSigner::end_of_headers() {
  author_ = read_author(from_values_);
  std::vector<const auth::DkimSigningIdentity*> identities;
  if (keys_) candidates_ = engine::signatures_for(policy_, author_.domain);
  for (const std::size_t number : candidates_) identities.push_back(&(*keys_)[number]);
  if (!identities.empty()) {
    auto signer = auth::DkimSigner::begin(headers_, identities);
    if (signer) signer_ = std::move(*signer);
    if (!signer) author_.unsignable = signer.error();
  }
  headers_ = auth::DkimHeaders(0);  // a long body need not carry the headers along
}

void MessageSigner::body(std::string_view chunk) {
  if (signer_) signer_->body(chunk);
}

tl::expected<std::vector<model::HeaderChange>, std::string> MessageSigner::sign(
    const std::vector<std::size_t>& numbers, std::int64_t unix_time,
    const std::vector<mail::HeaderField>* changed_header, const mime::Bytes* changed_body) {
  std::vector<model::HeaderChange> changes;
  if (numbers.empty() || !signer_) return changes;
  if (changed_header != nullptr) {
    auth::DkimHeaders headers(auth::DkimLimits{}.max_header_bytes);
    for (const mail::HeaderField& field : *changed_header) headers.add(field.name, field.value);
    if (auto done = signer_->restart_headers(headers); !done) return tl::unexpected(std::move(done.error()));
  }
  if (changed_body != nullptr) {
    signer_->restart_body();
    const bool is_read = mime::visit(*changed_body, {0, changed_body->size()}, [this](std::string_view piece) {
      signer_->body(piece);
      return true;
    });
    if (!is_read) return tl::unexpected(std::string("the changed message cannot be read again"));
  }
  auto values = signer_->finish(unix_time);
  if (!values) return tl::unexpected(std::move(values.error()));
  for (std::size_t i = 0; i < values->size(); ++i) {
    if (std::find(numbers.begin(), numbers.end(), candidates_[i]) == numbers.end()) continue;
    changes.push_back({model::HeaderChange::Kind::insert, "DKIM-Signature", std::move((*values)[i]), 0});
  }
  return changes;
}

}  // namespace connectord::session
