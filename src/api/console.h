#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "connectord/api/message.h"
#include "target.h"

// The web pages, which are a part of the program: what console/dist has, as the build found it.
namespace connectord::api {

struct ConsoleFile {
  std::string_view name;  // "index.html", "assets/…"
  std::string_view type;  // its media type
  std::string_view gzip;  // RFC 1952
};

// Made by the build (console_files.cmake); empty where it was configured to leave the console out.
std::span<const ConsoleFile> console_files();

// "/" or "/assets/…".
bool is_console_path(const Target& target);

// The file that a path names, with what keeps other sites' pages from doing anything to it; or nothing.
std::optional<Response> console_file(const Target& target);

}  // namespace connectord::api
