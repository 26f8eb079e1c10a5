#include "spf_macro.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"

namespace connectord::auth {
namespace {

using base::is_alpha;
using base::is_digit;

constexpr std::size_t max_name_length = 253;
// What a name is made from: its last bytes, a final dot, and whether more stood before.
constexpr std::size_t kept_of_name = max_name_length + 2;

// One piece of a macro-string (7.1): literal text, or a macro-expand.
struct Piece {
  std::string_view literal;  // also what "%%", "%_" and "%-" stand for
  char letter = 0;           // lower-case; 0 for a literal
  bool is_macro = false;     // a macro-expand, among them "%%", "%_" and "%-"
  bool escape = false;       // the letter was upper-case: URL escaping
  bool reverse = false;
  std::size_t parts = 0;  // of the right-hand side; 0 for all
  std::string_view delimiters;
};

using PieceOrError = tl::expected<Piece, std::string>;

tl::unexpected<std::string> bad(std::string why) {
  return tl::unexpected(std::move(why));
}

bool is_alphanumeric(char c) {
  return is_digit(c) || is_alpha(c);
}
bool is_delimiter(char c) {
  return std::string_view(".-+,/_=").find(c) != std::string_view::npos;
}

// The number of right-hand parts; it need not be bounded, but no text has more parts than this (7.1).
tl::expected<std::size_t, std::string> take_parts(std::string_view& body) {
  constexpr std::size_t plenty = 100'000;
  std::size_t parts = 0;
  const std::size_t before = body.size();
  while (!body.empty() && is_digit(body.front())) {
    parts = std::min(plenty, parts * 10 + static_cast<std::size_t>(body.front() - '0'));
    body.remove_prefix(1);
  }
  if (body.size() != before && parts == 0) return bad("a macro keeps no part");
  return parts;
}

// What stands between "%{" and "}".
PieceOrError read_macro(std::string_view body) {
  Piece piece;
  piece.is_macro = true;
  if (body.empty()) return bad("a macro without a letter");
  piece.letter = base::to_lower(body.front());
  piece.escape = body.front() != piece.letter;
  if (std::string_view("slodiphcrtv").find(piece.letter) == std::string_view::npos) {
    return bad("an unknown macro letter");
  }
  body.remove_prefix(1);
  auto parts = take_parts(body);
  if (!parts) return tl::unexpected(std::move(parts.error()));
  piece.parts = *parts;
  if (!body.empty() && base::to_lower(body.front()) == 'r') {
    piece.reverse = true;
    body.remove_prefix(1);
  }
  if (!std::all_of(body.begin(), body.end(), is_delimiter)) return bad("a macro with a bad delimiter");
  piece.delimiters = body;
  return piece;
}

// The first piece of a text that is not empty; the text is shortened by it.
PieceOrError take_piece(std::string_view& text) {
  Piece piece;
  if (text.front() != '%') {
    piece.literal = text.substr(0, text.find('%'));
    text.remove_prefix(piece.literal.size());
    return piece;
  }
  const char next = text.size() > 1 ? text[1] : '\0';
  if (next == '{') {
    const auto end = text.find('}');
    if (end == std::string_view::npos) return bad("a macro without its closing brace");
    const std::string_view body = text.substr(2, end - 2);
    text.remove_prefix(end + 1);
    return read_macro(body);
  }
  piece.is_macro = true;
  if (next == '%') {
    piece.literal = "%";
  } else if (next == '_') {
    piece.literal = " ";
  } else if (next == '-') {
    piece.literal = "%20";
  } else {
    return bad("a \"%\" that begins no macro");
  }
  text.remove_prefix(2);
  return piece;
}

bool is_literal(std::string_view text, SpfMacroUse use) {
  return std::all_of(text.begin(), text.end(),
                     [use](char c) { return (c > 0x20 && c < 0x7f) || (c == ' ' && use == SpfMacroUse::explanation); });
}

std::optional<std::string> piece_error(const Piece& piece, SpfMacroUse use) {
  if (!piece.is_macro && !is_literal(piece.literal, use)) return "a character that is not printable ASCII";
  const bool explains = piece.letter == 'c' || piece.letter == 'r' || piece.letter == 't';
  if (explains && use == SpfMacroUse::domain) {
    return std::string("the macro letter ") + piece.letter + ", which explanations only may use";
  }
  return std::nullopt;
}

// toplabel (7.1): letters, digits and hyphens, a hyphen at neither end, not digits alone.
bool is_top_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  const bool allowed = std::all_of(label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
  return allowed && !std::all_of(label.begin(), label.end(), is_digit);
}

bool ends_in_top_label(std::string_view tail) {
  if (tail.ends_with('.')) tail.remove_suffix(1);
  const auto dot = tail.rfind('.');
  return dot != std::string_view::npos && is_top_label(tail.substr(dot + 1));
}

// "%{i}" (7.2): an IPv6 address is written nibble by nibble.
std::string dotted(const net::IpAddress& address) {
  if (address.is_v4()) return address.to_string();
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const auto byte : address.bytes()) {
    if (!text.empty()) text += '.';
    text += digits[byte >> 4U];
    text += '.';
    text += digits[byte & 15U];
  }
  return text;
}

std::string_view local_part(std::string_view sender) {
  return sender.substr(0, sender.rfind('@'));
}
std::string_view sender_domain(std::string_view sender) {
  return sender.substr(sender.rfind('@') + 1);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

tl::expected<std::string, SpfMacroStop> sender_value(std::string_view value, const SpfMacroValues& values) {
  if (!is_ascii(local_part(values.sender))) return tl::unexpected(SpfMacroStop::no_match);
  return std::string(value);
}

tl::expected<std::string, SpfMacroStop> value_of(char letter, const SpfMacroValues& values) {
  switch (letter) {
    case 's':
      return sender_value(values.sender, values);
    case 'l':
      return sender_value(local_part(values.sender), values);
    case 'o':
      return std::string(sender_domain(values.sender));
    case 'd':
      return values.domain;
    case 'i':
      return dotted(values.client);
    case 'h':
      return values.helo;
    case 'c':
      return values.client.to_string();
    case 'r':
      return values.receiver.empty() ? std::string("unknown") : values.receiver;
    case 't':
      return std::to_string(values.unix_time);
    case 'v':
      return std::string(values.client.is_v4() ? "in-addr" : "ip6");
    default:
      break;
  }
  auto name = values.validated_name();  // p
  if (!name) return tl::unexpected(SpfMacroStop::missing);
  return *std::move(name);
}

// Takes the last part off a text, or the first one where the parts are reversed; false behind the last of them.
struct Rest {
  std::string_view text;
  bool ended = false;
};
bool take_part(Rest& rest, std::string_view delimiters, bool from_front, std::string_view& part) {
  if (rest.ended) return false;
  const auto at = from_front ? rest.text.find_first_of(delimiters) : rest.text.find_last_of(delimiters);
  if (at == std::string_view::npos) {
    part = rest.text;
    rest.ended = true;
    return true;
  }
  part = from_front ? rest.text.substr(0, at) : rest.text.substr(at + 1);
  rest.text = from_front ? rest.text.substr(at + 1) : rest.text.substr(0, at);
  return true;
}

// Transformers and delimiters (7.1, 7.3). At least the last `wanted` bytes; what stands before them may be missing. It
// goes from the right, so that a value of many parts costs no more than what is used of it.
std::string transformed(const std::string& value, const Piece& piece, std::size_t wanted) {
  if (!piece.reverse && piece.parts == 0 && piece.delimiters.empty()) return value;
  const std::string_view delimiters = piece.delimiters.empty() ? "." : piece.delimiters;
  std::vector<std::string_view> parts;  // the last one first
  Rest rest{value};
  std::size_t size = 0;
  for (std::string_view part; size < wanted && (piece.parts == 0 || parts.size() < piece.parts) &&
                              take_part(rest, delimiters, piece.reverse, part);) {
    size += part.size() + (parts.empty() ? 0 : 1);
    parts.push_back(part);
  }
  std::string joined;
  joined.reserve(size);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (part != parts.rbegin()) joined += '.';
    joined += *part;
  }
  return joined;
}

// RFC 3986, 2.3: all but the unreserved characters.
std::string url_escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    if (is_alphanumeric(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
      escaped += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    escaped += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return escaped;
}

// At least the last `wanted` bytes of it.
tl::expected<std::string, SpfMacroStop> expand_piece(const Piece& piece, const SpfMacroValues& values,
                                                     std::size_t wanted) {
  if (piece.letter == 0) return std::string(piece.literal);
  auto value = value_of(piece.letter, values);
  if (!value) return value;
  std::string text = transformed(*value, piece, wanted);
  return piece.escape ? url_escaped(text) : text;
}

std::vector<Piece> pieces_of(std::string_view text) {
  std::vector<Piece> pieces;
  while (!text.empty()) {
    auto piece = take_piece(text);
    if (!piece) break;
    pieces.push_back(*piece);
  }
  return pieces;
}

// The first thing that is wrong with a text, piece by piece, and `seen` gets each piece.
template <class Seen>
std::optional<std::string> first_error(std::string_view text, SpfMacroUse use, Seen&& seen) {
  std::size_t macros = 0;
  while (!text.empty()) {
    const auto piece = take_piece(text);
    if (!piece) return piece.error();
    if (auto error = piece_error(*piece, use)) return error;
    if (piece->letter != 0 && ++macros > max_spf_macros) {
      return "more than " + std::to_string(max_spf_macros) + " macros";
    }
    seen(*piece);
  }
  return std::nullopt;
}

bool names_the_sender(const Piece& piece) {
  return piece.letter == 's' || piece.letter == 'l';
}

// Removes labels from the left until what is left can be asked for (7.3).
void shorten(std::string& name) {
  if (name.size() <= max_name_length) return;
  const auto dot = name.find('.', name.size() - max_name_length - 1);
  name.erase(0, dot == std::string::npos ? name.size() - max_name_length : dot + 1);
}

}  // namespace

std::optional<std::string> spf_macro_string_error(std::string_view text, SpfMacroUse use) {
  return first_error(text, use, [](const Piece&) {});
}

std::optional<std::string> spf_domain_spec_error(std::string_view text) {
  if (text.empty()) return "no domain";
  bool macro_is_last = false;
  std::string_view tail;  // what follows the last macro
  auto error = first_error(text, SpfMacroUse::domain, [&](const Piece& piece) {
    macro_is_last = piece.is_macro;
    tail = piece.literal;
  });
  if (error) return error;
  if (!macro_is_last && !ends_in_top_label(tail)) return "a domain that ends in no top label";
  return std::nullopt;
}

tl::expected<std::string, SpfMacroStop> expand_spf_explanation(std::string_view text, const SpfMacroValues& values) {
  std::string expanded;
  for (const Piece& piece : pieces_of(text)) {
    const auto part = expand_piece(piece, values, std::string::npos);
    if (!part) return tl::unexpected(part.error());
    expanded += *part;
    if (expanded.size() >= max_spf_explanation_length) break;
  }
  expanded.resize(std::min(expanded.size(), max_spf_explanation_length));
  return expanded;
}

tl::expected<std::string, SpfMacroStop> expand_spf_domain(std::string_view text, const SpfMacroValues& values) {
  const auto pieces = pieces_of(text);
  // Also where the cut would leave no trace of it.
  if (std::any_of(pieces.begin(), pieces.end(), names_the_sender) && !is_ascii(local_part(values.sender))) {
    return tl::unexpected(SpfMacroStop::no_match);
  }
  std::string name;
  for (auto piece = pieces.rbegin(); piece != pieces.rend() && name.size() < kept_of_name; ++piece) {
    auto part = expand_piece(*piece, values, kept_of_name - name.size());
    if (!part) return part;
    name.insert(0, *part);
  }
  name = base::to_lower(name);
  if (name.ends_with('.')) name.pop_back();
  shorten(name);
  return name;
}

}  // namespace connectord::auth
