#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "context.h"

// Changes that stand in the audit log.
namespace connectord::api {

// The beginning of an entry: who asked for what, and from where.
Json audit_entry(const Call& call, std::string_view action);

// Has the change made behind its entry, so that none goes without; one that fails gets a second entry, with the reason.
// On failure says why: the entry cannot be written, and nothing was tried, or what `change` says.
tl::expected<void, std::string> audited(Context& context, Json entry,
                                        const std::function<tl::expected<void, std::string>()>& change);

}  // namespace connectord::api
