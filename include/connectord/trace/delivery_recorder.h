#pragma once

#include <functional>
#include <memory>

#include "connectord/maillog/mail_log_reader.h"
#include "connectord/trace/search.h"
#include "connectord/trace/store.h"

namespace connectord::trace {

// True if a refusal in the log is in the trace already, since connectord gave that answer itself.
using IsKnownRefusal = std::function<bool(const maillog::Event& event, const maillog::Refused& refused)>;

// By looking for an answer of connectord's to that client and recipient, with that text, within a minute.
IsKnownRefusal known_in(std::shared_ptr<Archive> archive);

// What the mail server was told of TLS for a delivery to that recipient: one of Protection's levels that are verified,
// or std::nullopt where that is not known, or it was told nothing.
using ProtectionAskedFor = std::function<std::optional<Protection>(const maillog::DeliveryAttempt& attempt,
                                                                   const std::string& recipient, std::int64_t time)>;

// Turns what the mail log reports into what the trace keeps: what became of which message for which recipient.
//
//   sent                                  delivered; pending where a relay on this machine has queued it anew; expanded
//                                         where a local alias passed it on to others
//   deferred                              pending
//   bounced                               failed
//   held, by whomever; released           quarantined; pending
//   expired; removed by the operator;     failed
//   discarded; refused as a whole
//   refused at RCPT or before             an entry of its own, of Stage::mta, unless it is known
//
// A Delivery for `recipient` is one of that RCPT TO. One whose `recipient` is empty and `address` is not is about
// nobody of RCPT TO: the delivery of a bounce, or one of several addresses that a recipient was expanded to. One with
// neither is about all recipients of the message for whom it is not over.
//
// Kept in memory, and bounded: TLS sessions by process, which queue IDs are notifications or have gone on from which,
// and what recipients were expanded to. A restart forgets them. Not thread-safe.
class DeliveryRecorder : public maillog::MailLogSink {
 public:
  DeliveryRecorder(Store& store, IsKnownRefusal is_known, ProtectionAskedFor asked_for = {});
  ~DeliveryRecorder() override;

  tl::expected<std::string, std::string> position() override;
  tl::expected<void, std::string> take(const maillog::LoggedBatch& batch) override;

 private:
  class Translation;
  struct Memory;

  Store& store_;
  IsKnownRefusal is_known_;
  ProtectionAskedFor asked_for_;
  std::unique_ptr<Memory> memory_;
  std::unique_ptr<Translation> translation_;  // of the batch that the store has not taken yet
};

}  // namespace connectord::trace
