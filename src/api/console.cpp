#include "console.h"

#include <algorithm>
#include <string>

namespace connectord::api {
namespace {

// Nothing is loaded from elsewhere or run that is not a file of ours, no form leads anywhere, nobody frames it, and no
// text becomes markup (CSP level 3, Trusted Types).
constexpr const char* content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'";

constexpr const char* without_console =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>connectord</title>\n"
    "<p>This connectord was built without its console (CONNECTORD_CONSOLE=OFF). The API is here all the same: see\n"
    "docs/api.md, or ask with connectorctl.</p></html>\n";

// The names of assets change with their contents; the page that names them does not.
const char* cache_control_of(std::string_view name) {
  return name.starts_with("assets/") ? "public, max-age=31536000, immutable" : "no-cache";
}

std::string name_of(const Target& target) {
  return target.segments.empty() ? "index.html" : target.segments[0] + "/" + target.segments[1];
}

Response guarded(Response response) {
  response.headers.insert(response.headers.end(), {{"Content-Security-Policy", content_security_policy},
                                                   {"Referrer-Policy", "no-referrer"},
                                                   {"Cross-Origin-Opener-Policy", "same-origin"},
                                                   {"Cross-Origin-Resource-Policy", "same-origin"}});
  return response;
}

}  // namespace

bool is_console_path(const Target& target) {
  return target.segments.empty() || (target.segments.size() == 2 && target.segments[0] == "assets");
}

std::optional<Response> console_file(const Target& target) {
  if (!is_console_path(target)) return std::nullopt;
  const auto files = console_files();
  const std::string name = name_of(target);
  if (files.empty() && target.segments.empty()) {
    return guarded({200, "text/html; charset=utf-8", without_console, {{"Cache-Control", "no-cache"}}});
  }
  const auto found =
      std::find_if(files.begin(), files.end(), [&name](const ConsoleFile& file) { return file.name == name; });
  if (found == files.end()) return std::nullopt;
  return guarded({200,
                  std::string(found->type),
                  std::string(found->gzip),
                  {{"Content-Encoding", "gzip"}, {"Cache-Control", cache_control_of(name)}}});
}

}  // namespace connectord::api
