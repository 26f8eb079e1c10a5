#pragma once

#include <memory>

#include "connectord/fleet/archive.h"
#include "connectord/trace/search.h"
#include "context.h"

namespace connectord::api {

// The record of messages; otherwise 409 if none is kept, or 503. The file may have been set aside since, so it is
// opened for each request.
Answered<std::unique_ptr<trace::Archive>> open_archive(const Context& context,
                                                       fleet::TraceScope scope = fleet::TraceScope::this_host);

}  // namespace connectord::api
