#pragma once

#include <string>

#include "connectord/trace/search.h"

namespace connectord::trace {

// For a message whose SPF fails: whether all mail that its connector has had from this client in the last 7 days before
// fails as the client itself, as mail through a gateway of ours does that nobody looks through, and what to write then.
// Empty where it is not so, or too little is known.
std::string gateway_advice(Archive& archive, const MessageTraceDetail& story);

}  // namespace connectord::trace
