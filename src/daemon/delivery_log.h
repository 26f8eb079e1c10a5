#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "connectord/delivery/told.h"
#include "connectord/engine/policy.h"
#include "connectord/maillog/mail_log_reader.h"
#include "connectord/trace/delivery_recorder.h"

namespace connectord::daemon {

// As a policy's destination, or the connector, asks for a delivery by what the mail server was told of late.
std::optional<trace::Protection> protection_asked_for(const delivery::Told& told, const engine::Policy& policy,
                                                      const maillog::DeliveryAttempt& attempt,
                                                      const std::string& recipient, std::int64_t time);

// Reads the mail server's log from start() to stop(), and keeps in the trace what became of messages.
class DeliveryLog {
 public:
  // `mail_log` as trace.mail_log has it; `trace_file` is the store's. The referred to must outlive it.
  DeliveryLog(const std::string& mail_log, const std::string& trace_file, trace::Store& store,
              trace::ProtectionAskedFor asked_for, log::Logger& log)
      : recorder_(store, answered_by_us(trace_file), std::move(asked_for)),
        reader_({.source = mail_log}, recorder_, log) {}

  void start() { reader_.start(); }
  void stop() { reader_.stop(); }

 private:
  // Refusals of ours are in the trace already. The file is there when the store has begun it, which may be later.
  static trace::IsKnownRefusal answered_by_us(const std::string& trace_file);

  trace::DeliveryRecorder recorder_;
  maillog::MailLogReader reader_;
};

}  // namespace connectord::daemon
