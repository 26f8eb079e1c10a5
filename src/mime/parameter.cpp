#include <algorithm>
#include <map>
#include <optional>

#include "connectord/base/hexadecimal.h"
#include "connectord/base/text.h"
#include "connectord/mime/charset.h"
#include "connectord/mime/content_value.h"
#include "connectord/mime/encoded_word.h"

namespace connectord::mime {
namespace {

// A piece of a parameter that is cut into several (RFC 2231, 3), or has a charset (4).
struct Piece {
  std::string value;
  bool is_extended = false;
};

// "*0*", "*1", "*": behind the parameter's name. std::nullopt where it is none of these.
std::optional<std::pair<unsigned, bool>> read_suffix(std::string_view suffix) {
  if (!suffix.starts_with('*')) return std::nullopt;
  if (suffix == "*") return std::pair{0U, true};
  suffix.remove_prefix(1);
  const bool is_extended = suffix.ends_with('*');
  if (is_extended) suffix.remove_suffix(1);
  if (suffix.empty() || suffix.size() > 4 || !std::all_of(suffix.begin(), suffix.end(), base::is_digit)) return {};
  unsigned number = 0;
  for (const char c : suffix) number = number * 10 + static_cast<unsigned>(c - '0');
  return std::pair{number, is_extended};
}

using Pieces = std::map<unsigned, Piece>;

Pieces pieces_of(const ContentValue& content, std::string_view name) {
  Pieces pieces;
  for (const Parameter& parameter : content.parameters) {
    if (!parameter.name.starts_with(name)) continue;
    const auto suffix = read_suffix(std::string_view(parameter.name).substr(name.size()));
    if (suffix) pieces.try_emplace(suffix->first, Piece{.value = parameter.value, .is_extended = suffix->second});
  }
  return pieces;
}

// Takes "utf-8'de'" off the first piece, and returns the charset.
std::string take_charset(Piece& first) {
  const std::size_t charset_end = first.value.find('\'');
  const std::size_t language_end =
      charset_end == std::string::npos ? charset_end : first.value.find('\'', charset_end + 1);
  if (!first.is_extended || language_end == std::string::npos) return {};
  std::string charset = first.value.substr(0, charset_end);
  first.value.erase(0, language_end + 1);
  return charset;
}

std::string join(Pieces pieces) {
  const std::string charset = take_charset(pieces.begin()->second);
  std::string bytes;
  for (const auto& [number, piece] : pieces) {
    bytes += piece.is_extended ? base::decode_marked_hex(piece.value, '%') : piece.value;
  }
  return decode_charset(bytes, charset);
}

// Readers stop at a missing piece, or do not.
Pieces up_to_gap(Pieces pieces) {
  unsigned expected = pieces.begin()->first;
  for (auto piece = pieces.begin(); piece != pieces.end(); ++piece, ++expected) {
    if (piece->first == expected) continue;
    pieces.erase(piece, pieces.end());
    break;
  }
  return pieces;
}

void add_once(std::vector<std::string>& readings, std::string reading) {
  if (std::find(readings.begin(), readings.end(), reading) == readings.end()) readings.push_back(std::move(reading));
}

}  // namespace

std::vector<std::string> parameter_readings(const ContentValue& content, std::string_view name) {
  std::vector<std::string> readings;
  for (const Parameter& parameter : content.parameters) {
    if (parameter.name != name) continue;
    add_once(readings, decode_charset(parameter.value, {}));
    add_once(readings, decode_header_text(parameter.value));
    if (!parameter.spelled.starts_with('"')) add_once(readings, decode_header_text(parameter.spelled));
    // Some take a backslash for itself, since paths have it.
    if (parameter.spelled.find('\\') != std::string::npos) add_once(readings, decode_header_text(parameter.spelled));
  }
  const Pieces pieces = pieces_of(content, name);
  if (pieces.empty()) return readings;
  add_once(readings, join(pieces));
  add_once(readings, decode_header_text(readings.back()));
  add_once(readings, join(up_to_gap(pieces)));
  return readings;
}

}  // namespace connectord::mime
