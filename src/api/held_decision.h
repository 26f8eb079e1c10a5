#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/mta/held_mail.h"
#include "connectord/trace/search.h"
#include "context.h"

// How anybody decides on mail that the mail server holds because of us.
namespace connectord::api {

// Such a message's row in the record of messages.
struct HeldRow {
  trace::Row row;
  const trace::Message& message() const { return *row.message; }
};

// The newest message that was held under that queue ID. On failure says why the record cannot be read.
tl::expected<std::optional<HeldRow>, std::string> find_held(trace::Archive& archive, const std::string& queue_id);

// Has the mail server do it: 204, or what stands in the way. Who decides is the call's caller, and stands in the audit
// log before anything is done, and in the trace behind it.
Response decide_on(Context& context, const Call& call, const HeldRow& found, mta::HeldOrder order);

}  // namespace connectord::api
