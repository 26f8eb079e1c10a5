#include "tls_sessions.h"

namespace connectord::trace {
namespace {

std::string process_of(const maillog::Event& event) {
  return event.program + "[" + std::to_string(event.pid) + "]";
}

bool is_sendmail(const maillog::Event& event) {
  return event.program.substr(0, 7) != "postfix";
}

// Sendmail logs TLS with the relay's name, and the delivery with name and address.
bool is_same(const maillog::Relay& session, const maillog::Relay& delivery) {
  if (session.port != delivery.port) return false;
  return session.name == delivery.name && (session.address == delivery.address || session.address.empty());
}

}  // namespace

void TlsSessions::note(const maillog::Event& event, const maillog::TlsEstablished& tls) {
  sessions_.set(process_of(event), {tls.relay, tls.trust + " " + tls.protocol + " with cipher " + tls.cipher, ""});
}

// A process may connect to the same relay again, and without TLS. Postfix says how often a connection was used, so that
// a delivery of another message over a first use is none over the session that is known.
std::string TlsSessions::of(const maillog::Event& event, const maillog::DeliveryAttempt& attempt) {
  Session* session = sessions_.find(process_of(event));
  if (session == nullptr || !is_same(session->relay, attempt.relay)) return "";
  if (session->queue_id.empty()) session->queue_id = event.queue_id;
  const bool same_connection = session->queue_id == event.queue_id || attempt.connection_use > 1 || is_sendmail(event);
  return same_connection ? session->description : "";
}

}  // namespace connectord::trace
