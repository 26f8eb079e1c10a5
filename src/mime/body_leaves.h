#pragma once

#include <cstddef>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/mime/disclaimer.h"

namespace connectord::mime {

// The parts that people read as the message's text: one, or of an alternative each text/plain and text/html.
tl::expected<std::vector<std::size_t>, NotEdited> body_leaves(const Structure& structure);

// What forbids to edit any part of a message.
tl::expected<void, NotEdited> require_certain(const Structure& structure);

}  // namespace connectord::mime
