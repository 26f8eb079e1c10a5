#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/auth/dkim_signer.h"
#include "connectord/engine/policy.h"
#include "connectord/mail/header_field.h"
#include "connectord/mime/bytes.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"
#include "connectord/runtime/signing_keys.h"

namespace connectord::session {

// Gathers what the signatures of one message need: whose it is, its header fields until their end, and the hash of its
// body where a signature may be made. Whether one is made, the engine decides.
class MessageSigner {
 public:
  // `policy` must outlive it. Without keys nothing can be signed, and what would be is still reported.
  MessageSigner(const engine::Policy& policy, std::shared_ptr<const runtime::SigningKeys> keys);

  // In the order of the message, values with their leading space.
  void header(std::string_view name, std::string_view value);
  void end_of_headers();
  void body(std::string_view chunk);

  // After the end of the headers.
  const model::Author& author() const { return author_; }
  // After the body: the fields to insert. `numbers` are a decision's signatures. `changed_header` and
  // `changed_body` are what the message leaves with, or nullptr where that is what it came with. On failure says what
  // went wrong.
  tl::expected<std::vector<model::HeaderChange>, std::string> sign(
      const std::vector<std::size_t>& numbers, std::int64_t unix_time,
      const std::vector<mail::HeaderField>* changed_header = nullptr, const mime::Bytes* changed_body = nullptr);

 private:
  const engine::Policy& policy_;
  std::shared_ptr<const runtime::SigningKeys> keys_;
  auth::DkimHeaders headers_;
  std::vector<std::string> from_values_;
  model::Author author_;
  std::vector<std::size_t> candidates_;  // which entries the signer makes, in its order
  std::optional<auth::DkimSigner> signer_;
};

}  // namespace connectord::session
