#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/mime/bytes.h"
#include "connectord/mime/doubt.h"

namespace connectord::mime {

// One parameter of a Content-Type or Content-Disposition field, pieces of RFC 2231 each by themselves.
struct Parameter {
  std::string name;     // in lower case
  std::string value;    // without quotes and escapes, and up to the first space where there are no quotes
  std::string spelled;  // all that stands up to the next semicolon outside of quotes
  Range place;          // of `spelled` in the field's raw value
};

// The value of a Content-Type, Content-Disposition or Content-Transfer-Encoding field.
struct ContentValue {
  std::string value;  // "text/plain", "attachment", "base64": in lower case
  Range place;        // of it in the field's raw value
  std::vector<Parameter> parameters;
  Doubts doubts;

  // The first of that name; nullptr if there is none.
  const Parameter* find(std::string_view name) const;
};

// More parameters are not read; the value is doubtful then.
constexpr std::size_t max_parameters = 128;

// Reads a raw value, folding and all (RFC 2045, 5.1; RFC 2183, 2). Reads on where the grammar is not kept, and says so
// in `doubts`. Thread-safe.
ContentValue parse_content_value(std::string_view raw);

// All that readers may take for the parameter's value, in UTF-8, each once: as it stands, without quotes, with encoded
// words decoded (RFC 2047, which does not allow them there), and put together from pieces with a charset (RFC 2231).
std::vector<std::string> parameter_readings(const ContentValue& content, std::string_view name);

}  // namespace connectord::mime
