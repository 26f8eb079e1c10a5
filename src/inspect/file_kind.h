#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectord/model/inspection.h"

// What single files are. Pure and thread-safe.
namespace connectord::inspect {

// So many bytes of a file's beginning show its kind: the volume descriptor of ISO 9660 lies at 32 KiB.
inline constexpr std::size_t max_signature = 32'768 + 2'048;

// By the signature at the beginning; `head` may be all of the file or its first `max_signature` bytes. A zip is `zip`
// here, whatever it holds, and an OLE file `ole`.
model::FileKind kind_of(std::string_view head);

// Whether the kind is a program, or something that runs one when it is opened.
bool is_executable(model::FileKind kind);

// Of a file name, in lower case and without the dot; without what Windows leaves away at a name's end (dots, blanks,
// ":$DATA" streams) and characters that are not shown. Empty where there is none.
std::string extension_of(std::string_view name);

// Whether Windows, or what is common there, macOS or a Unix desktop runs a file of this extension when it is opened.
bool is_executable_extension(std::string_view extension);

}  // namespace connectord::inspect
