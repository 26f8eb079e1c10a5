#pragma once

#include <string>

#include "connectord/maillog/mail_log_event.h"

namespace connectord::maillog {

// An event in one line, "4ABC sent to=<a@b> relay=h[192.0.2.1]:25 …", for comparison in tests. What is empty is left
// out.
class EventDescription {
 public:
  static std::string of(const Event& event) {
    EventDescription description;
    description.text_ = event.queue_id.empty() ? "-" : event.queue_id;
    std::visit(description, event.detail);
    return description.text_;
  }

  void operator()(const DeliveryAttempt& attempt) {
    constexpr const char* words[] = {"sent", "deferred", "bounced", "verified"};
    word(words[static_cast<int>(attempt.status)]);
    for (const auto& recipient : attempt.recipients) add("to", recipient);
    add("orig_to", attempt.original_recipient);
    add("for", attempt.on_behalf_of);
    add("relay", describe(attempt.relay));
    if (attempt.connection_use != 1) add("use", std::to_string(attempt.connection_use));
    add("delay", std::to_string(attempt.delay.count()));
    if (attempt.delays) {
      add("delays", std::to_string(attempt.delays->before_queue_manager.count()) + "/" +
                        std::to_string(attempt.delays->in_queue_manager.count()) + "/" +
                        std::to_string(attempt.delays->connection.count()) + "/" +
                        std::to_string(attempt.delays->transmission.count()));
    }
    add("dsn", attempt.enhanced_status);
    add("next", attempt.next_queue_id);
    add("text", attempt.text);
  }
  void operator()(const TlsEstablished& tls) {
    word("tls");
    add("relay", describe(tls.relay));
    add("trust", tls.trust);
    add("protocol", tls.protocol);
    add("cipher", tls.cipher);
  }
  void operator()(const Received& received) {
    word("received");
    add("client", received.client_name + "[" + received.client_address + "]");
    add("orig", received.original_queue_id);
  }
  void operator()(const PickedUp& picked_up) {
    word("picked up");
    add("from", picked_up.mail_from);
    add("orig", picked_up.original_queue_id);
  }
  void operator()(const MessageId& id) {
    word("message-id");
    add("value", id.value);
  }
  void operator()(const Queued& queued) {
    word("queued");
    text_ += " from=<" + queued.mail_from + ">";
    add("size", std::to_string(queued.size));
    add("nrcpt", std::to_string(queued.recipients));
    add("msgid", queued.message_id);
    if (!queued.client_address.empty()) add("client", queued.client_name + "[" + queued.client_address + "]");
  }
  void operator()(const Held& held) {
    word("held");
    add("reason", held.reason);
  }
  void operator()(const Released&) { word("released"); }
  void operator()(const Requeued&) { word("requeued"); }
  void operator()(const Expired& expired) { word(expired.by_force ? "expired by force" : "expired"); }
  void operator()(const Notified& notified) {
    constexpr const char* words[] = {"non-delivery", "delay", "success"};
    word(words[static_cast<int>(notified.kind)]);
    if (notified.postmaster) word("to postmaster");
    if (notified.expired) word("expired");
    add("as", notified.notification_queue_id);
  }
  void operator()(const Removed& removed) { word(removed.by_operator ? "removed by operator" : "removed"); }
  void operator()(const Discarded& discarded) {
    word("discarded");
    add("reason", discarded.reason);
  }
  void operator()(const NotAttempted& withheld) {
    word("withheld");
    add("relay", describe(withheld.relay));
    add("to", withheld.recipient);
    add("reason", withheld.reason);
  }
  void operator()(const Refused& refused) {
    word("refused");
    add("stage", refused.stage);
    if (!refused.client_address.empty()) add("client", refused.client_name + "[" + refused.client_address + "]");
    add("code", std::to_string(refused.code));
    add("from", refused.mail_from);
    add("to", refused.recipient);
    add("helo", refused.helo);
    add("user", refused.sasl_username);
    add("reply", refused.reply);
  }

 private:
  static std::string describe(const Relay& relay) {
    std::string text = relay.name;
    if (!relay.address.empty()) text += "[" + relay.address + "]";
    if (relay.port != 0) text += ":" + std::to_string(relay.port);
    return text;
  }
  void word(const std::string& text) { text_ += " " + text; }
  void add(const char* key, const std::string& value) {
    if (!value.empty()) text_ += std::string(" ") + key + "=" + value;
  }

  std::string text_;
};

}  // namespace connectord::maillog
