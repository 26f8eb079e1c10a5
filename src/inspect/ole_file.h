#pragma once

#include <string>
#include <string_view>

#include "connectord/model/inspection.h"

namespace connectord::inspect {

// What a compound file ([MS-CFB]) is.
struct OleFile {
  model::FileKind kind = model::FileKind::ole;
  model::Encryption encryption = model::Encryption::no;
  std::string problem;  // what is wrong with it, if it is
};

// Reads the header, the directory, and the first sector of what shows whether Word and Excel want a password. Takes
// time in proportion to the bytes.
OleFile read_ole_file(std::string_view bytes);

}  // namespace connectord::inspect
