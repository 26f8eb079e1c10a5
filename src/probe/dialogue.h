#pragma once

#include "certificate_checks.h"
#include "connectord/smtp/smtp_client.h"

namespace connectord::probe {

enum class DialogueEnd { over, again_in_the_clear };

// One conversation with one address of a host, up to RCPT and without DATA. `again_in_the_clear`: TLS has broken the
// connection, and mail would go without it.
DialogueEnd converse(const OutboundPlan& plan, const Target& target, const DaneFacts& dane, smtp::SmtpClient client,
                     StepLog& steps, bool with_tls);

}  // namespace connectord::probe
