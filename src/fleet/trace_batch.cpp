#include "trace_batch.h"

#include "connectord/base/time.h"

namespace connectord::fleet {
namespace {

using Mended = MendedColumn;

std::uint8_t number(Mended column) {
  return static_cast<std::uint8_t>(column);
}

template <class Enumeration>
std::int16_t code(Enumeration value) {
  return static_cast<std::int16_t>(value);
}

}  // namespace

namespace columns {
const std::string_view texts = "host, epoch, kind, number, text, originals";
const std::string_view messages =
    "t, host, seq, epoch, time, connected, began, stage, direction, action, recipients, size, queue_id, message_id, "
    "client, original_client, helo, tls, cipher, mail_from, header_from, subject, connector, outbound_connector, "
    "reply, certificate, certificate_text, details, findings, rules, originals, sender_term, sender_domain_term, "
    "message_id_term, queue_id_term, client_term";
const std::string_view recipients =
    "t, host, seq, message, address, status, status_time, outbound_connector, originals, address_term, domain_term";
const std::string_view terms = "t, host, seq, term";
const std::string_view deliveries =
    "t, host, message, seq, time, status, protection, delay, queue_id, address, relay, enhanced, tls, text, times, "
    "originals";
const std::string_view children = "t, host, message, time, queue_id, originals";
}  // namespace columns

std::int64_t TraceBatch::place_in_time(std::int64_t message_time) const {
  return message_time >= place_.oldest && message_time < place_.now + base::day_ms ? message_time : place_.now;
}

std::int64_t TraceBatch::noted_day(std::int64_t time) {
  days_.insert(time / base::day_ms);
  return time;
}

std::size_t TraceBatch::size() const {
  return texts.size() + messages.size() + recipients.size() + terms.size() + deliveries.size() + children.size() +
         statuses.size() * sizeof(Status) + sizes.size() * sizeof(Size);
}

std::string TraceBatch::content() const {
  std::string all;
  for (const CopyRows* rows : {&messages, &recipients, &terms, &deliveries, &children}) {
    if (!rows->is_empty()) all.append(rows->bytes());
  }
  return all;
}

void TraceBatch::add_text(CopyRows& rows, std::uint8_t column, std::string_view text) {
  rows.add(mended_.take(column, text));
}

void TraceBatch::take(const trace::KeptText& text) {
  mended_.clear();
  texts.begin_row();
  texts.add(place_.host).add(place_.epoch).add(code(text.kind)).add(text.number);
  texts.add_text(mended_.take(number(Mended::text), text.text)).add(mended_.originals());
}

void TraceBatch::take(const trace::KeptMessage& message, const trace::MessageTerms& found_by,
                      std::span<const std::string> rules) {
  mended_.clear();
  message_ = message.id + place_.base;
  message_place_ = noted_day(place_in_time(message.time));
  last_time = message.time;
  CopyRows& rows = messages;
  rows.begin_row();
  rows.add(message_place_).add(place_.host).add(message_).add(place_.epoch);
  rows.add(message.time).add_unless_zero(message.connected).add_unless_zero(message.began);
  rows.add(code(message.stage)).add(code(message.direction)).add(code(message.action));
  rows.add(static_cast<std::int32_t>(message.recipients)).add(message.size);
  add_text(rows, number(Mended::queue_id), message.queue_id);
  add_text(rows, number(Mended::message_id), message.message_id);
  rows.add(message.client).add(message.original_client);
  add_text(rows, number(Mended::helo), message.helo);
  add_text(rows, number(Mended::tls), message.tls);
  add_text(rows, number(Mended::cipher), message.cipher);
  add_text(rows, number(Mended::mail_from), message.mail_from);
  add_text(rows, number(Mended::header_from), message.from);
  add_text(rows, number(Mended::subject), message.subject);
  add_text(rows, number(Mended::connector), message.connector);
  add_text(rows, number(Mended::outbound_connector), message.outbound_connector);
  add_text(rows, number(Mended::reply), message.reply);
  rows.add_unless_zero(message.certificate);
  add_text(rows, number(Mended::certificate_text), message.certificate_text);
  add_text(rows, number(Mended::details), message.details);
  add_text(rows, number(Mended::findings), message.findings);
  add_text(rows, number(Mended::rules), message.rules);
  rows.add(mended_.originals());
  rows.add(found_by.sender).add(found_by.sender_domain).add(found_by.message_id).add(found_by.queue_id);
  rows.add(found_by.client);
  add_terms(message_place_, message_, found_by.others);
  const std::int64_t hour = message_place_ / base::hour_ms;
  const auto count = [&message](VolumeSums& sums) {
    sums.messages += 1;
    sums.recipients += message.recipients;
    sums.bytes += message.size.value_or(0);
  };
  count(volumes[{hour, code(message.direction), mended(message.connector), mended(message.outbound_connector),
                 mended(message.tls), code(message.action)}]);
  for (const std::string& rule : rules) count(rule_volumes[{hour, mended(rule)}]);
}

void TraceBatch::add_terms(std::int64_t time, std::int64_t message, std::span<const std::int32_t> found_by) {
  for (const std::int32_t term : found_by) {
    terms.begin_row();
    terms.add(time).add(place_.host).add(message).add(term);
  }
}

void TraceBatch::take(const trace::KeptRecipient& recipient) {
  mended_.clear();
  recipients.begin_row();
  recipients.add(message_place_).add(place_.host).add(recipient.row + place_.base).add(message_);
  add_text(recipients, number(Mended::address), recipient.address);
  recipients.add(code(recipient.status)).add_unless_zero(recipient.status_time);
  add_text(recipients, number(Mended::outbound_connector), recipient.outbound_connector);
  recipients.add(mended_.originals()).add(recipient.terms.address).add(recipient.terms.domain);
}

void TraceBatch::take(const trace::KeptDelivery& delivery) {
  mended_.clear();
  CopyRows& rows = deliveries;
  rows.begin_row();
  rows.add(noted_day(place_in_time(delivery.message_time))).add(place_.host).add(delivery.message + place_.base);
  rows.add_unless_zero(delivery.row == 0 ? 0 : delivery.row + place_.base);
  const auto protection = delivery.protection ? std::optional(code(*delivery.protection)) : std::nullopt;
  rows.add(delivery.time).add(code(delivery.status)).add(protection).add(delivery.delay);
  if (protection) ++delivery_volumes[{place_in_time(delivery.time) / base::hour_ms, *protection}];
  add_text(rows, number(Mended::queue_id), delivery.queue_id);
  add_text(rows, number(Mended::address), delivery.address);
  add_text(rows, number(Mended::relay), delivery.relay);
  add_text(rows, number(Mended::enhanced), delivery.enhanced);
  add_text(rows, number(Mended::tls), delivery.tls);
  add_text(rows, number(Mended::text), delivery.text);
  add_text(rows, number(Mended::times), delivery.times);
  rows.add(mended_.originals());
}

void TraceBatch::take(const trace::KeptStatus& status) {
  statuses.push_back({status.row + place_.base, place_in_time(status.message_time), status.status, status.status_time});
}

void TraceBatch::take(const trace::KeptRequeueing& child) {
  mended_.clear();
  const std::int64_t time = noted_day(place_in_time(child.message_time));
  const std::int64_t message = child.message + place_.base;
  children.begin_row();
  children.add(time).add(place_.host).add(message).add(child.time);
  add_text(children, number(Mended::queue_id), child.queue_id);
  children.add(mended_.originals());
  add_terms(time, message, std::span(&child.term, 1));
}

void TraceBatch::take(const trace::KeptSize& size) {
  sizes.push_back({size.message + place_.base, place_in_time(size.message_time), size.size});
}

}  // namespace connectord::fleet
