// Mail that rules, or a policy of DMARC, had the mail server hold: what there is, its release and its deletion.
#include <algorithm>

#include "audited.h"
#include "connectord/base/json_values.h"
#include "connectord/base/time.h"
#include "connectord/mta/held_mail.h"
#include "context.h"
#include "held_decision.h"
#include "trace_archive.h"

namespace connectord::api {
namespace {

using mta::HeldOrder;
using mta::QueuedMessage;

Json rules_of(const trace::Message& message) {
  Json names = Json::array();
  for (const model::RuleHit& hit : message.rules) {
    if (hit.matched && hit.mode == model::Mode::enforce) names.push_back(hit.rule);
  }
  return names;
}

Json json_of(const QueuedMessage& held, const HeldRow& found) {
  const trace::Message& message = found.message();
  Json recipients = Json::array();
  for (const mta::QueuedRecipient& recipient : held.recipients) recipients.push_back(recipient.address);
  constexpr std::int64_t second = 1000;
  return {{"queue_id", held.queue_id},
          {"trace_id", found.row.id},
          {"time", base::utc_text(message.time / second)},
          {"reason", base::text_or_null(message.quarantine)},
          {"rules", rules_of(message)},
          {"sender", held.sender},
          {"recipients", std::move(recipients)},
          {"from", base::text_or_null(message.from)},
          {"subject", base::text_or_null(message.subject)},
          {"message_id", base::text_or_null(message.message_id)},
          {"size", held.size}};
}

Response cannot_look() {
  return problem(501, "this process does not look at the mail server; ask connectorctl held, as root");
}

Response unreadable_record(const std::string& why) {
  return problem(503, "the record of messages cannot be read: " + why);
}

Response not_held(const std::string& queue_id) {
  return problem(404, "connectord has no mail held under the queue ID " + queue_id +
                          "; GET /api/exchange/quarantine has all that is");
}

// What became of the order. Whoever reads it must know whether to give it again.
Response not_carried_out(const mta::HeldFailure& failure, const std::string& queue_id) {
  if (failure.is_missing) return not_held(queue_id);
  if (!failure.is_unknown) return problem(503, "nothing was done: " + failure.words);
  return problem(
      503, "it is not known whether it was done: " + failure.words + "; connectorctl held list has what is still held");
}

struct Words {
  std::string_view action;  // for the audit log
  std::string_view done;    // for the trace, before the name of who did it
  trace::Status status;
};

constexpr Words words_for(HeldOrder order) {
  return order == HeldOrder::release
             ? Words{"held mail released", "released from the mail server's hold", trace::Status::getting_status}
             : Words{"held mail deleted", "deleted while it was held", trace::Status::failed};
}

Json entry_of(const Call& call, const HeldRow& found, const Words& words) {
  const trace::Message& message = found.message();
  Json entry = audit_entry(call, words.action);
  entry["queue_id"] = message.queue_id;
  entry["sender"] = message.mail_from;
  entry["reason"] = message.quarantine;
  entry["recipients"] = message.recipients;
  return entry;
}

// What was done stands in the trace, too. It is done whatever becomes of that.
void record_in_trace(const Context& context, const Call& call, const HeldRow& found, const Words& words) {
  if (context.setup.services.trace == nullptr) return;
  trace::Delivery delivery;
  delivery.queue_id = found.message().queue_id;
  // Not before what the mail log has said of the same moment.
  delivery.time = context.setup.services.unix_milliseconds();
  delivery.status = words.status;
  delivery.text = std::string(words.done) + " by " + call.caller.name;
  trace::LogBatch batch;
  batch.deliveries.push_back(std::move(delivery));
  const auto kept = context.setup.services.trace->record(batch);
  if (!kept)
    context.setup.services.log.error("api", "what became of held mail is not in the trace", {{"error", kept.error()}});
}

Response decide_on_held(Context& context, const Call& call, HeldOrder order) {
  if (context.setup.held == nullptr) return cannot_look();
  if (!mta::is_strict_queue_id(call.id)) return not_held(call.id);
  const auto archive = open_archive(context);
  if (!archive) return archive.error();
  const auto found = find_held(**archive, call.id);
  if (!found) return unreadable_record(found.error());
  if (!*found) return not_held(call.id);
  return decide_on(context, call, **found, order);
}

}  // namespace

tl::expected<std::optional<HeldRow>, std::string> find_held(trace::Archive& archive, const std::string& queue_id) {
  trace::Query query;
  query.queue_id = queue_id;
  query.action = model::Action::quarantine;
  query.limit = 1;
  return archive.search(query).map([&queue_id](const trace::Page& page) -> std::optional<HeldRow> {
    // Another message may have gone on under this ID.
    if (page.rows.empty() || page.rows.front().message->queue_id != queue_id) return std::nullopt;
    return HeldRow{page.rows.front()};
  });
}

Response decide_on(Context& context, const Call& call, const HeldRow& found, HeldOrder order) {
  const Words words = words_for(order);
  std::optional<mta::HeldFailure> failure;
  const auto done = audited(context, entry_of(call, found, words), [&]() -> tl::expected<void, std::string> {
    const auto carried = context.setup.held->carry_out(order, call.id);
    if (carried) return {};
    failure = carried.error();
    return tl::unexpected(failure->words);
  });
  if (failure) return not_carried_out(*failure, call.id);
  if (!done) return problem(500, done.error());
  record_in_trace(context, call, found, words);
  context.setup.services.log.info(found.message().queue_id, words.action, {{"who", call.caller.name}});
  return {204, "", "", {}};
}

Response list_held(Context& context, const Call& /*call*/) {
  if (context.setup.held == nullptr) return cannot_look();
  const auto archive = open_archive(context);
  if (!archive) return archive.error();
  const auto held = context.setup.held->list();
  if (!held) return problem(503, "the mail server's held mail cannot be looked at: " + held.error());
  Json messages = Json::array();
  std::size_t others = 0;
  for (const QueuedMessage& message : held->messages) {
    const auto found = find_held(**archive, message.queue_id);
    if (!found) return unreadable_record(found.error());
    if (*found) {
      messages.push_back(json_of(message, **found));
    } else {
      ++others;
    }
  }
  return json_response({{"messages", std::move(messages)}, {"others", others}, {"left_out", held->left_out}});
}

Response release_held(Context& context, const Call& call) {
  return decide_on_held(context, call, HeldOrder::release);
}

Response delete_held(Context& context, const Call& call) {
  return decide_on_held(context, call, HeldOrder::remove);
}

}  // namespace connectord::api
