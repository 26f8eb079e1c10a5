#include "connectord/outbox/sender.h"

#include <utility>

namespace connectord::outbox {

Sender::Sender(std::string key_file, std::string user, std::shared_ptr<smtp::Network> network)
    : key_file_(std::move(key_file)), user_(std::move(user)), network_(std::move(network)) {}

tl::expected<std::shared_ptr<const Key>, std::string> Sender::key() {
  const base::MutexLock lock(mutex_);
  if (key_ != nullptr) return key_;
  auto read = config::reader_of_secrets(user_).and_then(
      [this](const config::SecretReader& reader) { return Key::load_or_make(key_file_, reader); });
  if (!read) return tl::unexpected("server.mail_key: " + read.error());
  key_ = std::make_shared<const Key>(std::move(*read));
  return key_;
}

std::optional<Sender::Place> Sender::place(smtp::Deadline deadline) {
  if (!places_.try_acquire_until(deadline)) return std::nullopt;
  return Place(*this);
}

HandedOver Sender::hand_over(const Mail& mail, const Way& way, smtp::Deadline deadline) {
  return outbox::hand_over(mail, way.server, way.helo, *network_, deadline);
}

}  // namespace connectord::outbox
