#pragma once

#include <vector>

#include "connectord/trace/matcher.h"
#include "connectord/trace/search.h"
#include "message_reader.h"
#include "sqlite.h"

namespace connectord::trace {

// What any of the readings of Query::word finds, as one search. Throws sqlite::Error.
Page search_by_word(sqlite::Database& database, MessageReader& reader, const Query& query);

}  // namespace connectord::trace
