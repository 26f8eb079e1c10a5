#include "held_in_sendmail.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "connectord/base/acting_as.h"
#include "connectord/base/file_descriptor.h"
#include "connectord/base/files.h"
#include "connectord/base/time.h"
#include "connectord/mta/sendmail_host.h"
#include "held_list.h"
#include "program.h"

namespace connectord::mta {
namespace {

tl::unexpected<HeldFailure> sendmail_failed(std::string words) {
  return tl::unexpected(HeldFailure{.is_missing = false, .words = std::move(words)});
}

// Sendmail knows a message that is quarantined by the name of its file, hfQUEUE_ID (Installation and Operation
// Guide, 2.3).
class HeldInSendmail : public HeldMail {
 public:
  explicit HeldInSendmail(std::string mc) : mc_(std::move(mc)) {}

  tl::expected<HeldList, std::string> list() const override { return all().map(&bounded); }

  tl::expected<void, HeldFailure> carry_out(HeldOrder order, const std::string& queue_id) const override {
    if (!is_strict_queue_id(queue_id)) return sendmail_failed("that is no queue ID");
    const auto held = all();
    if (!held) return sendmail_failed(held.error());
    const auto is_meant = [&queue_id](const QueuedMessage& message) { return message.queue_id == queue_id; };
    if (std::none_of(held->begin(), held->end(), is_meant)) {
      return tl::unexpected(HeldFailure{.is_missing = true, .words = "Sendmail does not hold " + queue_id});
    }
    return order == HeldOrder::release ? release(queue_id) : remove(queue_id);
  }

 private:
  static tl::expected<std::vector<QueuedMessage>, std::string> all() {
    return output_of({"sendmail", "-v", "-qQ", "-bp"}).map([](const std::string& text) {
      std::vector<QueuedMessage> messages = parse_mailq(text, base::unix_time()).messages;
      for (QueuedMessage& message : messages) message.held = true;
      return messages;
    });
  }

  // -Q without a reason takes the quarantine off what -qQ and -qI choose (seen with 8.17.1).
  static tl::expected<void, HeldFailure> release(const std::string& queue_id) {
    const auto done = run_program({"sendmail", "-qQ", "-qI" + queue_id, "-Q"});
    if (!done) return sendmail_failed(done.error());
    if (done->was_killed()) return tl::unexpected(HeldFailure{.words = "sendmail did not end", .is_unknown = true});
    if (done->status != 0) return sendmail_failed("sendmail: " + done->error + done->out);
    return {};  // it goes with the next run of the queue
  }

  // Sendmail has no command for it. Its guide has the files removed, of a message that no process works on.
  tl::expected<void, HeldFailure> remove(const std::string& queue_id) const {
    const auto text = base::read_file(SendmailHost(mc_).cf().string());
    if (!text) return sendmail_failed("sendmail.cf cannot be read");
    std::string folder = read_sendmail_cf(*text).option("QueueDirectory");
    if (folder.empty()) folder = "/var/spool/mqueue";
    if (folder.find('*') != std::string::npos) {
      return sendmail_failed("Sendmail has several queues in " + folder + "; remove hf" + queue_id + " and df" +
                             queue_id + " there");
    }
    // The queue is root's, whosever rights the caller has for the trace.
    const base::ActingAsRoot acting;
    const base::FileDescriptor queue(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (queue.get() < 0) return sendmail_failed(folder + ": " + std::strerror(errno));
    const std::string control = "hf" + queue_id;
    const base::FileDescriptor file(::openat(queue.get(), control.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (file.get() < 0) return sendmail_failed(folder + "/" + control + ": " + std::strerror(errno));
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return sendmail_failed("Sendmail works on it now; try again");
    if (::unlinkat(queue.get(), control.c_str(), 0) != 0) return sendmail_failed(std::strerror(errno));
    ::unlinkat(queue.get(), ("df" + queue_id).c_str(), 0);
    return {};
  }

  std::string mc_;
};

}  // namespace

std::shared_ptr<const HeldMail> held_in_sendmail(std::string mc) {
  return std::make_shared<HeldInSendmail>(std::move(mc));
}

}  // namespace connectord::mta
