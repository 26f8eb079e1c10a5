#include "connectord/simulate/predict.h"

#include <memory>
#include <utility>

#include "connectord/runtime/services.h"
#include "simulated.h"

namespace connectord::simulate {
namespace {

// Its deleter does nothing: who calls keeps the object.
template <class T>
std::shared_ptr<T> lent(T& object) {
  return {std::shared_ptr<void>(), &object};
}

}  // namespace

Prediction predict(const engine::Policy& policy, const SimulatedClient& client,
                   const model::ClientCertificate& certificate, dns::Resolver& resolver) {
  NoLog no_log;
  runtime::PolicyStore policies(lent(policy), lent(resolver));
  runtime::LiveSessions live;
  session::InFlight intake;
  session::Session session({policies, live, no_log}, intake);
  session.connected({{}, client.address, simulated_port, 0, false});
  session.helo(client.helo);
  session.secured(client.tls, certificate);
  // Sendmail has no policy service, and says all by the milter.
  if (!client.at_sendmail) live.attach_policy_facts({client.address, simulated_port}, 0, {client.tls, certificate});
  session::Answer answer = session.mail_from("<" + client.sender + ">", "");
  if (answer.action == model::Action::accept) answer = session.rcpt_to("<" + client.recipient + ">", "");
  Prediction predicted{std::move(answer), session.envelope_decision()};
  session.abort();
  return predicted;
}

}  // namespace connectord::simulate
