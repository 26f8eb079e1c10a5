#pragma once

#include <string_view>
#include <vector>

#include "connectord/mime/recipe.h"
#include "connectord/mime/structure.h"

namespace connectord::mime {

// Changes in the header of a part: of the message itself as changes of fields, of others as splices.
struct HeaderChanges {
  std::vector<FieldChange> fields;
  std::vector<Splice> splices;
};

// Names another charset in a text's Content-Type, and leaves all else of it as it is.
void relabel_charset(const Part& part, std::string_view charset, HeaderChanges& changes);

// Names another Content-Transfer-Encoding.
void relabel_encoding(const Part& part, TransferEncoding encoding, HeaderChanges& changes);

}  // namespace connectord::mime
