#include "connectord/simulate/foretell.h"

#include <memory>
#include <utility>

#include "connectord/runtime/services.h"
#include "imagined.h"

namespace connectord::simulate {
namespace {

// Its deleter does nothing: who calls keeps the object.
template <class T>
std::shared_ptr<T> lent(T& object) {
  return {std::shared_ptr<void>(), &object};
}

}  // namespace

Foretold foretell(const engine::Policy& policy, const Visitor& visitor, const model::ClientCertificate& certificate,
                  dns::Resolver& resolver) {
  NoLog no_log;
  runtime::PolicyStore policies(lent(policy), lent(resolver));
  runtime::LiveSessions live;
  session::Intake intake;
  session::Session session({policies, live, no_log}, intake);
  session.connected({{}, visitor.address, imagined_port, 0, false});
  session.helo(visitor.helo);
  session.secured(visitor.tls, certificate);
  // Sendmail has no policy service, and says all by the milter.
  if (!visitor.at_sendmail) live.tell({visitor.address, imagined_port}, 0, {visitor.tls, certificate});
  session::Answer answer = session.mail_from("<" + visitor.sender + ">", "");
  if (answer.action == model::Action::accept) answer = session.rcpt_to("<" + visitor.recipient + ">", "");
  Foretold foretold{std::move(answer), session.envelope_decision()};
  session.abort();
  return foretold;
}

}  // namespace connectord::simulate
