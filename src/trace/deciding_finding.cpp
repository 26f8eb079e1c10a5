#include "connectord/trace/deciding_finding.h"

#include <algorithm>

namespace connectord::trace {

const Finding* deciding_finding(const Message& message) {
  if (message.action == model::Action::accept) return nullptr;
  const model::Outcome wanted =
      message.action == model::Action::defer ? model::Outcome::temperror : model::Outcome::fail;
  const auto found = std::find_if(message.findings.begin(), message.findings.end(),
                                  [wanted](const Finding& finding) { return finding.outcome == wanted; });
  return found == message.findings.end() ? nullptr : &*found;
}

}  // namespace connectord::trace
