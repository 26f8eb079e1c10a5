#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connectord/inspect/examination.h"
#include "connectord/mime/bytes.h"
#include "connectord/mime/structure.h"

namespace connectord::inspect {

// Looks into a message that is a file: its texts and its attachments, in all readings.
void examine_message(std::string_view bytes, Examination& examination);

// The first `most` bytes of a part by one of its transfer encodings; std::nullopt if they cannot be read.
std::optional<std::string> decoded_part(const mime::Part& part, mime::TransferEncoding encoding,
                                        const mime::Bytes& body, std::uint64_t most);

// So many transfer encodings of a part are tried.
inline constexpr std::size_t max_encodings = 4;

// Whether what is to be shown as text begins as another kind of file does.
bool looks_like_file(const mime::Part& part, const mime::Bytes& body);

}  // namespace connectord::inspect
