#pragma once

#include <string>

#include "connectord/maillog/mail_log_event.h"
#include "recent.h"

namespace connectord::trace {

// The log reports TLS when a process of the mail server connects, and the deliveries over that connection later.
class TlsSessions {
 public:
  void note(const maillog::Event& event, const maillog::TlsEstablished& tls);
  // "Trusted TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"; empty where the delivery had no TLS, or nobody knows.
  std::string of(const maillog::Event& event, const maillog::DeliveryAttempt& attempt);

 private:
  struct Session {
    maillog::Relay relay;
    std::string description;
    std::string queue_id;  // of the first message over it
  };

  Recent<Session> sessions_{4'096};
};

}  // namespace connectord::trace
