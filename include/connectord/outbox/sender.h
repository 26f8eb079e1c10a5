#pragma once

#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <tl/expected.hpp>

#include "connectord/base/mutex.h"
#include "connectord/outbox/compose.h"
#include "connectord/outbox/hand_over.h"
#include "connectord/outbox/key.h"
#include "connectord/outbox/restraint.h"
#include "connectord/smtp/network.h"

namespace connectord::outbox {

// Where mail that we write goes.
struct Way {
  net::Endpoint server;  // server.mail_through
  std::string helo;
};

// What one daemon writes mail with: its key, its restraint, and the way to its mail server. Thread-safe.
class Sender {
 public:
  // `key_file` is server.mail_key, which is made where there is none, as `user` (server.user).
  Sender(std::string key_file, std::string user, std::shared_ptr<smtp::Network> network);

  // Read once. On failure says why; the next call tries again.
  tl::expected<std::shared_ptr<const Key>, std::string> key() EXCLUDES(mutex_);
  NoticeLimit& notices() { return notices_; }

  // A place at the table: a message that is written holds another one several times, so few are at a time.
  class Place {
   public:
    explicit Place(Sender& sender) : sender_(&sender) {}
    Place(Place&& other) noexcept : sender_(std::exchange(other.sender_, nullptr)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (sender_ != nullptr) sender_->places_.release();
    }

   private:
    Sender* sender_;
  };
  // Waits for one until the deadline at the most.
  std::optional<Place> place(smtp::Deadline deadline);
  HandedOver hand_over(const Mail& mail, const Way& way, smtp::Deadline deadline);

 private:
  static constexpr std::ptrdiff_t max_at_once = 8;

  std::string key_file_;
  std::string user_;
  std::shared_ptr<smtp::Network> network_;
  NoticeLimit notices_;
  std::counting_semaphore<max_at_once> places_{max_at_once};
  base::Mutex mutex_;
  std::shared_ptr<const Key> key_ GUARDED_BY(mutex_);
};

}  // namespace connectord::outbox
