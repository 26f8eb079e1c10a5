#include "refusal.h"

#include "connectord/base/ascii_case.h"

namespace connectord::probe {
namespace {

using model::Outcome;

bool speaks_of_greylisting(const smtp::SmtpReply& reply) {
  const std::string text = reply.to_string();
  return base::contains_ignoring_case(text, "greylist") || base::contains_ignoring_case(text, "graylist");
}

}  // namespace

Refusal refusal_of(const smtp::SmtpReply& reply) {
  if (!reply.is_transient()) {
    return {Outcome::fail, Obstacle::rejected, "the partner refuses; its reply says why, and its log says more"};
  }
  std::string hint = speaks_of_greylisting(reply)
                         ? "greylisting: the partner makes strangers try again; mail comes through later. Try again in "
                           "some minutes"
                         : "the partner asks to try again later";
  return {Outcome::temperror, Obstacle::deferred, std::move(hint)};
}

}  // namespace connectord::probe
