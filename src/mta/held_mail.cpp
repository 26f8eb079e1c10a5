#include "connectord/mta/held_mail.h"

#include <algorithm>
#include <utility>

#include "connectord/base/text.h"
#include "held_in_sendmail.h"
#include "held_list.h"
#include "program.h"

namespace connectord::mta {
namespace {

using Listed = tl::expected<HeldList, std::string>;
using Carried = tl::expected<void, HeldFailure>;

tl::unexpected<HeldFailure> not_done(std::string words) {
  return tl::unexpected(HeldFailure{.is_missing = false, .words = std::move(words)});
}

// Postfix's hold queue.
class HeldInPostfix : public HeldMail {
 public:
  explicit HeldInPostfix(std::string folder) : folder_(std::move(folder)) {}

  Listed list() const override {
    return output_of({"postqueue", "-c", folder_, "-j"}).map([](const std::string& text) {
      std::vector<QueuedMessage> messages = parse_postqueue(text).messages;
      std::erase_if(messages, [](const QueuedMessage& message) { return !message.held; });
      return bounded(std::move(messages));
    });
  }

  // postsuper(1) looks for the message in the hold queue alone, so nothing else is ever touched.
  Carried carry_out(HeldOrder order, const std::string& queue_id) const override {
    if (!is_strict_queue_id(queue_id)) return not_done("that is no queue ID");
    const bool releases = order == HeldOrder::release;
    const auto done = run_program({"postsuper", "-c", folder_, releases ? "-H" : "-d", queue_id, "hold"});
    if (!done) return not_done(done.error());
    const std::string said = done->error + done->out;
    if (done->was_killed()) return tl::unexpected(HeldFailure{.words = "postsuper did not end", .is_unknown = true});
    if (done->status != 0) return not_done("postsuper: " + std::string(base::trimmed(said)));
    if (said.find(releases ? "Released from hold: 1 " : "Deleted: 1 ") == std::string::npos) {
      return tl::unexpected(HeldFailure{.is_missing = true, .words = "Postfix does not hold " + queue_id});
    }
    // It waits in the deferred queue now, until the queue is run. That it is tried at once is a courtesy.
    if (releases) [[maybe_unused]]
      const auto tried = run_program({"postqueue", "-c", folder_, "-i", queue_id});
    return {};
  }

 private:
  std::string folder_;
};

}  // namespace

HeldList bounded(std::vector<QueuedMessage> messages) {
  HeldList list{.messages = std::move(messages)};
  if (list.messages.size() <= max_held_messages) return list;
  list.left_out = list.messages.size() - max_held_messages;
  list.messages.resize(max_held_messages);
  return list;
}

bool is_strict_queue_id(std::string_view word) {
  constexpr std::size_t shortest = 6;
  constexpr std::size_t longest = 32;
  if (word.size() < shortest || word.size() > longest) return false;
  return std::all_of(word.begin(), word.end(), [](char c) { return base::is_alpha(c) || base::is_digit(c); });
}

std::shared_ptr<const HeldMail> held_mail_here(const MailServerPlaces& places) {
  const MailServers servers = mail_servers_of(places, nullptr);
  if (servers.postfix || !servers.sendmail) return std::make_shared<HeldInPostfix>(places.folder);
  return held_in_sendmail(places.sendmail_mc);
}

}  // namespace connectord::mta
