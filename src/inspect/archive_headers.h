#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/inspection.h"

namespace connectord::inspect {

// What the headers of an archive show without unpacking anything.
struct ArchiveHeaders {
  model::Encryption encryption = model::Encryption::unknown;
  std::vector<std::string> names;  // in UTF-8; not all where headers are encrypted
  bool is_cut = false;             // there are more than `max_names`
};

// RAR of versions 1.5 to 7 (technote.txt of RARLAB, which calls them 4 and 5).
ArchiveHeaders read_rar_headers(std::string_view bytes, std::size_t max_names);

// 7z (7zFormat.txt of the LZMA SDK). Unknown where the header is packed and not encrypted: then its content is to be
// asked. No names.
ArchiveHeaders read_seven_zip_headers(std::string_view bytes);

// The names of the one file in a gzip, bzip2 and such: that in gzip's header (RFC 1952, 2.3), and the archive's own
// without its last extension, "setup.exe" of "setup.exe.gz", as programs call what they unpack.
std::vector<std::string> single_file_names(const std::vector<std::string>& names, model::FileKind kind,
                                           std::string_view bytes);

// PDF: whether a trailer has /Encrypt (ISO 32000-1, 7.6.1), spelled in any way (7.3.5).
model::Encryption pdf_encryption(std::string_view bytes);

}  // namespace connectord::inspect
