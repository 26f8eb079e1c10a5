#include "original_message.h"

#include "connectord/base/hexadecimal.h"
#include "connectord/outbox/restraint.h"

namespace connectord::session {
namespace {

// Postfix takes 100 kB of header (header_size_limit).
constexpr std::size_t max_original_header = std::size_t{1} << 20;

}  // namespace

void OriginalMessage::header(std::string_view name, std::string_view value) {
  bytes_ += name.size() + value.size();
  if (bytes_ > max_original_header) {
    problem_ = "its header is larger than is kept";
    return;
  }
  fields_.push_back({std::string(name), std::string(value)});
  if (!digest_ && mail::is_named(name, outbox::Key::token_header)) digest_.emplace();
}

void OriginalMessage::body(std::string_view chunk) {
  if (digest_) digest_->update(chunk);
}

bool OriginalMessage::is_written_with(const outbox::Key& key, std::int64_t unix_time) const {
  if (!digest_ || !problem_.empty()) return false;
  return outbox::is_own_mail(fields_, body_sha256(), key, unix_time);
}

std::optional<outbox::CopyOf> OriginalMessage::copy_made_with(const outbox::Key& key, const outbox::Envelope& envelope,
                                                              std::int64_t unix_time) const {
  if (!digest_ || !problem_.empty()) return std::nullopt;
  return outbox::read_copy(fields_, body_sha256(), envelope, key, unix_time);
}

const std::string& OriginalMessage::body_sha256() const {
  if (finished_.empty()) finished_ = base::to_hex(auth::bytes_of(digest_->finish()));
  return finished_;
}

}  // namespace connectord::session
