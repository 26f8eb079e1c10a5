#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"
#include "connectord/session/session.h"
#include "connectord/trace/store.h"

namespace connectord::session {

// Puts the final answers of one connection's messages into the trace, before the MTA gets them.
class MessageTrace {
 public:
  // What `services` refers to must outlive it. Without a store it does nothing.
  explicit MessageTrace(const runtime::Services& services) : services_(services) {}

  void connected();
  void begin_message();
  // A recipient that may stay in the message.
  void admitted(const engine::Policy& policy, std::string_view sender, const engine::Recipient& recipient);
  // The value with its folding. Subjects are kept where the configuration says so.
  void header(std::string_view name, std::string_view value);
  // Only called where the MTA hands over bodies; else the size is not known.
  void body(std::string_view chunk) { body_bytes_ = body_bytes_.value_or(0) + chunk.size(); }

  // Who gets the message after what rules changed of its recipients.
  std::vector<std::string> after(const model::Facts& facts, const model::RuleChanges& changes,
                                 const engine::Policy& policy);

  // How long the end of the message took so far.
  void took(const trace::StageTimes& times) { stages_ = times; }

  // Keeps the answer for these recipients. If that fails, and mail is to be deferred then, the decision becomes a
  // deferral with a finding that says why. Does nothing where `policy` wants no trace.
  void keep(const engine::Policy& policy, trace::Stage stage, const model::Facts& facts,
            const std::vector<std::string>& recipients, std::string_view queue_id, model::Decision& decision) const;

 private:
  void add_route(const model::Decision& decision, trace::Entry& entry) const;
  trace::Direction direction_of(const trace::Entry& entry) const;

  const runtime::Services& services_;
  std::int64_t connected_ = 0;
  std::int64_t began_ = 0;
  std::vector<std::string> outbound_;  // of each recipient, as its domain says
  std::string message_id_;
  std::string token_;  // of Key::token_header
  std::string from_;
  std::string subject_;
  std::uint64_t header_bytes_ = 0;
  std::optional<std::uint64_t> body_bytes_;
  std::optional<trace::StageTimes> stages_;
};

// The same for an answer that is no session's.
void keep_answer(const runtime::Services& services, const engine::Policy& policy, const model::Facts& facts,
                 std::string_view queue_id, model::Decision& decision);

}  // namespace connectord::session
