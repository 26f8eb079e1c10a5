#pragma once

#include <string>

#include "connectord/trace/mail_log_event.h"
#include "recent.h"

namespace connectord::trace {

// The log reports TLS when a process of the mail server connects, and the deliveries over that connection later.
class TlsSessions {
 public:
  void note(const logged::Event& event, const logged::TlsEstablished& tls);
  // "Trusted TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"; empty where the delivery had no TLS, or nobody knows.
  std::string of(const logged::Event& event, const logged::DeliveryAttempt& attempt);

 private:
  struct Session {
    logged::Relay relay;
    std::string description;
    std::string queue_id;  // of the first message over it
  };

  Recent<Session> sessions_{4'096};
};

}  // namespace connectord::trace
