#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/auth/dkim_canonical.h"
#include "connectord/mail/header_field.h"
#include "connectord/outbox/copy.h"
#include "connectord/outbox/key.h"

namespace connectord::session {

// A message's header as it came, all of it, and whether connectord wrote the message: kept where rules write mail about
// messages, or reports are sent. Not thread-safe.
class OriginalMessage {
 public:
  // In the order of the message, values with their leading space.
  void header(std::string_view name, std::string_view value);
  void body(std::string_view chunk);

  const std::vector<mail::HeaderField>& fields() const { return fields_; }
  // Why there is more than is kept, in words; empty if all is.
  std::string_view problem() const { return problem_; }
  // It says so of itself; is_written_with() knows.
  bool has_token() const { return digest_.has_value(); }
  bool is_written_with(const outbox::Key& key, std::int64_t unix_time) const;
  // What it is a copy of, if it is one of ours with this envelope.
  std::optional<outbox::CopyOf> copy_made_with(const outbox::Key& key, const outbox::Envelope& envelope,
                                               std::int64_t unix_time) const;

 private:
  std::vector<mail::HeaderField> fields_;
  std::size_t bytes_ = 0;
  std::string_view problem_;
  const std::string& body_sha256() const;

  std::optional<auth::Sha256> digest_;  // of the body, where there is a token
  mutable std::string finished_;        // the same in hexadecimal, once the message has ended
};

}  // namespace connectord::session
