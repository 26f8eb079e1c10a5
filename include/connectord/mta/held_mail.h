#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/model/words.h"
#include "connectord/mta/mail_servers.h"
#include "connectord/mta/queue.h"

// Mail that the mail server holds until somebody decides: Postfix's hold queue, Sendmail's quarantine.
namespace connectord::mta {

// release: it is delivered as if it had never been held; milters are not asked again. remove: nobody gets it.
enum class HeldOrder : std::uint8_t { release, remove };
consteval auto words_of(HeldOrder) {
  return std::to_array<model::Named<HeldOrder>>({{HeldOrder::release, "release"}, {HeldOrder::remove, "delete"}});
}

// A queue ID as Postfix (short and long) and Sendmail make them: letters and digits, and not many. Nothing else is ever
// given to a program.
bool is_strict_queue_id(std::string_view word);

struct HeldFailure {
  bool is_missing = false;  // the mail server holds no such message; else it could not be asked or did not do it
  std::string words;
  bool is_unknown = false;  // it was asked, and did not say whether it has done it; else nothing was done
};

struct HeldList {
  std::vector<QueuedMessage> messages;
  std::size_t left_out = 0;  // messages that are held too, beyond max_held_messages
};

// Thread-safe. Blocks until the mail server's programs have ended.
class HeldMail {
 public:
  virtual ~HeldMail() = default;

  // All that is held, whoever had it held; max_held_messages at most. On failure says why.
  virtual tl::expected<HeldList, std::string> list() const = 0;
  // Only what the mail server itself says that it holds.
  virtual tl::expected<void, HeldFailure> carry_out(HeldOrder order, const std::string& queue_id) const = 0;
};
inline constexpr std::size_t max_held_messages = 2'000;

// By the mail server's own programs (postsuper(1), sendmail -Q), for which it takes root.
std::shared_ptr<const HeldMail> held_mail_here(const MailServerPlaces& places);

// By the program connectord-held, which listens on that unix socket as root and does these things and no other.
std::shared_ptr<const HeldMail> held_mail_by_helper(std::string socket_path,
                                                    std::chrono::milliseconds limit = std::chrono::seconds(60));

// What that program answers to a line of a client's, without its line end: "list", "release QUEUE_ID" or
// "delete QUEUE_ID". A line of JSON.
std::string answer_about_held_mail(std::string_view request, const HeldMail& held);
// The longest of these, with its line end.
inline constexpr std::size_t max_held_request = 64;

}  // namespace connectord::mta
