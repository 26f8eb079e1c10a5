#pragma once

#include <vector>

#include "connectord/mime/recipe.h"
#include "connectord/mime/structure.h"

namespace connectord::mime {

// True if a line that the splices insert, or one that begins behind what they insert, may be taken for a delimiter of
// one of the message's multiparts. A sender chooses the boundaries and may know what will be inserted.
bool may_make_delimiter(const Structure& structure, const Bytes& body, const std::vector<Splice>& splices);

}  // namespace connectord::mime
