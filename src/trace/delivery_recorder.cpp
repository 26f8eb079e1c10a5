#include "connectord/trace/delivery_recorder.h"

#include <deque>
#include <set>

#include "connectord/mail/path.h"
#include "connectord/maillog/line_parts.h"
#include "tls_sessions.h"

namespace connectord::trace {
namespace {

constexpr std::size_t max_queue_ids = 50'000;

std::int64_t milliseconds_of(const maillog::Event& event) {
  return std::chrono::floor<std::chrono::milliseconds>(event.time).time_since_epoch().count();
}

std::string describe(const maillog::Relay& relay) {
  std::string text = relay.name;
  if (!relay.address.empty() && relay.address != relay.name) text += "[" + relay.address + "]";
  if (relay.port != 0) text += ":" + std::to_string(relay.port);
  return text;
}

// At a command, before there is a whole message that the answer could be about.
bool is_at_command(const maillog::Refused& refused, const std::string& queue_id) {
  constexpr std::string_view whole[] = {"END-OF-MESSAGE", "DATA", "data", "eom",   "BDAT",
                                        "header",         "body", "mime", "nested"};
  return queue_id.empty() || std::find(std::begin(whole), std::end(whole), refused.stage) == std::end(whole);
}

model::Reply reply_of(const maillog::Refused& refused) {
  model::Reply reply{refused.code, "", ""};
  std::string_view text = refused.reply;
  if (text.substr(0, 3) == std::to_string(refused.code)) text = base::trimmed(text.substr(3));
  reply.enhanced = maillog::enhanced_status_of(text);
  reply.text = base::trimmed(text.substr(reply.enhanced.size()));
  return reply;
}

bool has_refusal(const maillog::LoggedBatch& batch) {
  return std::any_of(batch.events.begin(), batch.events.end(), [](const maillog::Event& event) {
    return std::holds_alternative<maillog::Refused>(event.detail);
  });
}

}  // namespace

struct DeliveryRecorder::Memory {
  TlsSessions tls;
  Recent<std::string> parents{max_queue_ids};    // of queue IDs under which a message went on
  Recent<bool> notifications{max_queue_ids};     // queue IDs of bounces and the like
  Recent<bool> expanded{max_queue_ids};          // messages of which a recipient became others
  Recent<std::uint32_t> sizes{max_queue_ids};    // how many recipients a queue file of Postfix's has
  Recent<std::int64_t> born{max_queue_ids};      // when a queue ID became this message's
  Recent<std::string> withheld{max_queue_ids};   // by queue ID and recipient: why it was not handed over just now
  Recent<std::string> addresses{max_queue_ids};  // by message and recipient: what it went to; empty for several

  // Names a recipient of a message, whatever queue ID that has now; queue IDs are used again.
  std::string name_of(const std::string& queue_id, const std::string& recipient) {
    const std::string first = first_of(queue_id);
    const std::int64_t* since = born.find(first);
    return first + " " + std::to_string(since == nullptr ? 0 : *since) + " " + recipient;
  }
  // Whether the queue file has one recipient, who is the one of RCPT TO.
  bool has_only_one(const std::string& queue_id) {
    const std::uint32_t* size = sizes.find(queue_id);
    return size != nullptr && *size == 1 && expanded.find(name_of(queue_id, "")) == nullptr;
  }
  void note_expansion(const std::string& queue_id) { expanded.set(name_of(queue_id, ""), true); }
  bool is_notification(const std::string& queue_id) {
    const bool* known = notifications.find(queue_id);
    return known != nullptr && *known;
  }

  // The first queue ID of the message.
  std::string first_of(std::string queue_id) {
    for (int hops = 0; hops < 10; ++hops) {
      const std::string* parent = parents.find(queue_id);
      if (parent == nullptr || parent->empty()) break;
      queue_id = *parent;
    }
    return queue_id;
  }
};

class DeliveryRecorder::Translation {
 public:
  Translation(const maillog::LoggedBatch& logged, Memory& memory, const IsKnownRefusal& is_known,
              const ProtectionAskedFor& asked_for)
      : memory_(memory), is_known_(is_known), asked_for_(asked_for) {
    batch_.position = logged.position;
    for (const auto& event : logged.events) std::visit([&](const auto& detail) { add(event, detail); }, event.detail);
  }

  const LogBatch& batch() const { return batch_; }

 private:
  // What an Entry refers to.
  struct Refusal {
    model::Facts facts;
    model::Decision decision;
    std::vector<std::string> recipients;
    std::string queue_id;
  };

  void add(const maillog::Event& event, const maillog::DeliveryAttempt& attempt) {
    if (attempt.status == maillog::DeliveryStatus::verified) return;
    Delivery delivery = about(event, status_of(event, attempt), attempt.text);
    delivery.relay = describe(attempt.relay);
    delivery.enhanced = attempt.enhanced_status;
    delivery.tls = memory_.tls.of(event, attempt);
    delivery.delay = attempt.delay.count();
    if (attempt.delays) {
      delivery.times =
          DeliveryTimes{attempt.delays->before_queue_manager.count(), attempt.delays->in_queue_manager.count(),
                        attempt.delays->connection.count(), attempt.delays->transmission.count()};
    }
    if (!attempt.next_queue_id.empty()) add_child(event, attempt.next_queue_id);
    for (const auto& recipient : attempt.recipients) {
      delivery.text = attempt.text + why_withheld(event, attempt, recipient);
      delivery.protection = protection_of(attempt, recipient, delivery);
      add_for(event, attempt, recipient, delivery);
    }
    for (const auto& recipient : attempt.recipients) forget_withheld(event, recipient);
    forget_withheld(event, "");
  }
  void add(const maillog::Event& event, const maillog::NotAttempted& withheld) {
    memory_.withheld.set(event.queue_id + " " + withheld.recipient, withheld.reason);
  }
  void add(const maillog::Event& event, const maillog::TlsEstablished& tls) { memory_.tls.note(event, tls); }
  void add(const maillog::Event& event, const maillog::Received& received) {
    // A new message, which has nothing to do with what had this queue ID before.
    if (auto* parent = memory_.parents.find(event.queue_id)) *parent = "";
    if (bool* notification = memory_.notifications.find(event.queue_id)) *notification = false;
    if (!received.original_queue_id.empty()) add_child_of(event, received.original_queue_id);
  }
  void add(const maillog::Event& event, const maillog::PickedUp& picked_up) {
    if (!picked_up.original_queue_id.empty()) add_child_of(event, picked_up.original_queue_id);
  }
  // cleanup(8) logs it once for each queue file, those that Postfix makes itself included.
  void add(const maillog::Event& event, const maillog::MessageId&) {
    memory_.born.set(event.queue_id, milliseconds_of(event));
    if (std::uint32_t* size = memory_.sizes.find(event.queue_id)) *size = 0;
  }
  void add(const maillog::Event& event, const maillog::Queued& queued) {
    note_size(event, queued);
    batch_.queued.push_back({event.queue_id, milliseconds_of(event), queued.size});
  }
  void add(const maillog::Event& event, const maillog::Held& held) {
    add_for_all(event, Status::quarantined, held.reason);
  }
  void add(const maillog::Event& event, const maillog::Released&) {
    add_for_all(event, Status::pending, "released from hold");
  }
  void add(const maillog::Event&, const maillog::Requeued&) {}
  void add(const maillog::Event& event, const maillog::Expired& expired) {
    add_for_all(event, Status::failed, expired.by_force ? "expired by the operator" : "expired");
  }
  void add(const maillog::Event& event, const maillog::Notified& notified) {
    add_child(event, notified.notification_queue_id);
    memory_.notifications.set(notified.notification_queue_id, true);
    if (notified.expired) add_for_all(event, Status::failed, "expired");
  }
  void add(const maillog::Event& event, const maillog::Removed& removed) {
    if (removed.by_operator) add_for_all(event, Status::failed, "removed by the operator");
  }
  void add(const maillog::Event& event, const maillog::Discarded& discarded) {
    add_for_all(event, Status::failed, "discarded: " + discarded.reason);
  }
  void add(const maillog::Event& event, const maillog::Refused& refused) {
    if (is_at_command(refused, event.queue_id)) {
      if (!is_known_ || !is_known_(event, refused)) add_refusal(event, refused);
    } else {
      add_for_all(event, refused.code < 500 ? Status::pending : Status::failed, refused.reply);
    }
  }

  // What was asked for counts only where the log shows that the host was verified: an entry of another table may come
  // before what connectord said.
  std::optional<Protection> protection_of(const maillog::DeliveryAttempt& attempt, const std::string& recipient,
                                          const Delivery& delivery) const {
    const bool is_taken = attempt.status == maillog::DeliveryStatus::sent && attempt.relay.port != 0;
    if (!is_taken || (delivery.tls.empty() && attempt.relay.is_local())) return std::nullopt;
    if (delivery.tls.empty()) return Protection::none;
    if (!delivery.tls.starts_with("Verified ")) return Protection::encrypted;
    const auto asked = asked_for_ ? asked_for_(attempt, recipient, delivery.time) : std::nullopt;
    return asked.value_or(Protection::verified);
  }

  // ": 403 4.7.0 authentication failed", where a line before has the reason and this one has not.
  std::string why_withheld(const maillog::Event& event, const maillog::DeliveryAttempt& attempt,
                           const std::string& recipient) {
    std::string text;
    for (const std::string& whom : {recipient, std::string()}) {
      const std::string* reason = memory_.withheld.find(event.queue_id + " " + whom);
      const bool is_logged = reason == nullptr || reason->empty() || attempt.text.find(*reason) != std::string::npos;
      if (!is_logged && attempt.status != maillog::DeliveryStatus::sent) text += ": " + *reason;
    }
    return text;
  }
  void forget_withheld(const maillog::Event& event, const std::string& recipient) {
    if (auto* reason = memory_.withheld.find(event.queue_id + " " + recipient)) reason->clear();
  }

  // Sendmail's number does not count what aliases make of a recipient.
  void note_size(const maillog::Event& event, const maillog::Queued& queued) {
    if (!event.program.starts_with("postfix")) return;
    const std::uint32_t* known = memory_.sizes.find(event.queue_id);
    if (known == nullptr || *known < queued.recipients) memory_.sizes.set(event.queue_id, queued.recipients);
  }

  static Delivery about(const maillog::Event& event, Status status, std::string text) {
    Delivery delivery;
    delivery.queue_id = event.queue_id;
    delivery.time = milliseconds_of(event);
    delivery.status = status;
    delivery.text = std::move(text);
    return delivery;
  }

  void add_for_all(const maillog::Event& event, Status status, std::string text) {
    batch_.deliveries.push_back(about(event, status, std::move(text)));
  }

  static Status status_of(const maillog::Event& event, const maillog::DeliveryAttempt& attempt) {
    if (attempt.status == maillog::DeliveryStatus::deferred) return Status::pending;
    if (attempt.status == maillog::DeliveryStatus::bounced) return Status::failed;
    if (attempt.next_queue_id.empty()) return Status::delivered;
    const bool by_alias = event.program.substr(event.program.rfind('/') + 1) == "local";
    return by_alias ? Status::expanded : Status::pending;
  }

  void add_for(const maillog::Event& event, const maillog::DeliveryAttempt& attempt, const std::string& address,
               Delivery delivery) {
    const std::string& recipient = attempt.original_recipient.empty() ? address : attempt.original_recipient;
    const bool notification = memory_.is_notification(event.queue_id);
    const bool expanded = !notification && is_expanded(event, recipient, address, delivery);
    if (!notification && !expanded) {
      delivery.recipient = recipient;
      delivery.on_behalf_of = attempt.on_behalf_of;
      delivery.is_only_one = memory_.has_only_one(event.queue_id);
    }
    if (expanded || delivery.status == Status::expanded) memory_.note_expansion(event.queue_id);
    if (address != delivery.recipient) delivery.address = address;
    batch_.deliveries.push_back(std::move(delivery));
  }

  // True if the recipient is known to have become several, or others, so that one address's delivery is not all of it.
  bool is_expanded(const maillog::Event& event, const std::string& recipient, const std::string& address,
                   const Delivery& delivery) {
    const std::string key = memory_.name_of(event.queue_id, recipient);
    const std::string* known = memory_.addresses.find(key);
    if (delivery.status == Status::expanded) {
      memory_.addresses.set(key, "");
      return false;  // this is what says so
    }
    if (known == nullptr) {
      memory_.addresses.set(key, address);
      return false;
    }
    if (*known == address) return false;
    if (!known->empty()) {
      memory_.addresses.set(key, "");
      // A moment later than the delivery that had seemed to be all: the log has whole seconds only.
      Delivery expanded = about(event, Status::expanded, "");
      expanded.time += 1;
      expanded.recipient = recipient;
      batch_.deliveries.push_back(std::move(expanded));
    }
    return true;
  }

  void add_child(const maillog::Event& event, const std::string& child) {
    batch_.children.push_back({event.queue_id, child, milliseconds_of(event)});
    memory_.parents.set(child, event.queue_id);
    if (bool* notification = memory_.notifications.find(child)) *notification = false;
  }
  void add_child_of(const maillog::Event& event, const std::string& parent) {
    batch_.children.push_back({parent, event.queue_id, milliseconds_of(event)});
    memory_.parents.set(event.queue_id, parent);
  }

  void add_refusal(const maillog::Event& event, const maillog::Refused& refused) {
    Refusal& refusal = refusals_.emplace_back();
    refusal.facts.client_address = net::IpAddress::parse(refused.client_address);
    refusal.facts.client_name = refused.client_name;
    refusal.facts.helo = refused.helo;
    refusal.facts.sasl_username = refused.sasl_username;
    refusal.facts.mail_from = mail::parse_reverse_path("<" + refused.mail_from + ">");
    if (!refused.recipient.empty()) refusal.recipients.push_back(refused.recipient);
    refusal.facts.recipients = refusal.recipients;
    refusal.decision.action = refused.code < 500 ? model::Action::defer : model::Action::reject;
    refusal.decision.reply = reply_of(refused);
    refusal.queue_id = event.queue_id;
    Entry entry{refusal.facts, refusal.decision, refusal.recipients};
    entry.stage = Stage::mta;
    entry.time = milliseconds_of(event);
    entry.queue_id = refusal.queue_id;
    batch_.refusals.push_back(entry);
  }

  Memory& memory_;
  const IsKnownRefusal& is_known_;
  const ProtectionAskedFor& asked_for_;
  LogBatch batch_;
  std::deque<Refusal> refusals_;
};

DeliveryRecorder::DeliveryRecorder(Store& store, IsKnownRefusal is_known, ProtectionAskedFor asked_for)
    : store_(store),
      is_known_(std::move(is_known)),
      asked_for_(std::move(asked_for)),
      memory_(std::make_unique<Memory>()) {}

DeliveryRecorder::~DeliveryRecorder() = default;

tl::expected<std::string, std::string> DeliveryRecorder::position() {
  return store_.position();
}

tl::expected<void, std::string> DeliveryRecorder::take(const maillog::LoggedBatch& batch) {
  // The same batch comes again until the store has taken it, and its events must be learned from once only.
  if (!translation_ || translation_->batch().position != batch.position) {
    // A refusal of ours is known once it has its row; what was kept before this call has it when the call returns.
    if (has_refusal(batch)) {
      if (const auto settled = store_.position(); !settled) return tl::unexpected(settled.error());
    }
    translation_ = std::make_unique<Translation>(batch, *memory_, is_known_, asked_for_);
  }
  const auto recorded = store_.record(translation_->batch());
  if (!recorded) return tl::unexpected(recorded.error());
  translation_.reset();
  return {};
}

}  // namespace connectord::trace
