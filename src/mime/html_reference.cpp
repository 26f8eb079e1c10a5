#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "connectord/base/text.h"
#include "connectord/mime/html.h"

namespace connectord::mime {
namespace {

// U+00A0 to U+00FF in their order.
constexpr std::array<std::string_view, 96> latin_names{
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",   "ordf",
    "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn", "sup2",   "sup3",   "acute",  "micro",
    "para",   "middot", "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave",
    "Aacute", "Acirc",  "Atilde", "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",
    "Igrave", "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",
    "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",  "szlig",  "agrave", "aacute",
    "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil", "egrave", "eacute", "ecirc",  "euml",   "igrave",
    "iacute", "icirc",  "iuml",   "eth",    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide",
    "oslash", "ugrave", "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};

using NamedReference = std::pair<std::string_view, std::uint32_t>;
constexpr std::array other_names{
    NamedReference{"amp", '&'},       NamedReference{"AMP", '&'},       NamedReference{"lt", '<'},
    NamedReference{"LT", '<'},        NamedReference{"gt", '>'},        NamedReference{"GT", '>'},
    NamedReference{"quot", '"'},      NamedReference{"QUOT", '"'},      NamedReference{"apos", '\''},
    NamedReference{"Tab", '\t'},      NamedReference{"NewLine", '\n'},  NamedReference{"excl", '!'},
    NamedReference{"num", '#'},       NamedReference{"dollar", '$'},    NamedReference{"percnt", '%'},
    NamedReference{"lpar", '('},      NamedReference{"rpar", ')'},      NamedReference{"ast", '*'},
    NamedReference{"plus", '+'},      NamedReference{"comma", ','},     NamedReference{"period", '.'},
    NamedReference{"sol", '/'},       NamedReference{"colon", ':'},     NamedReference{"semi", ';'},
    NamedReference{"equals", '='},    NamedReference{"quest", '?'},     NamedReference{"commat", '@'},
    NamedReference{"bsol", '\\'},     NamedReference{"lowbar", '_'},    NamedReference{"euro", 0x20ac},
    NamedReference{"ndash", 0x2013},  NamedReference{"mdash", 0x2014},  NamedReference{"lsquo", 0x2018},
    NamedReference{"rsquo", 0x2019},  NamedReference{"sbquo", 0x201a},  NamedReference{"ldquo", 0x201c},
    NamedReference{"rdquo", 0x201d},  NamedReference{"bdquo", 0x201e},  NamedReference{"bull", 0x2022},
    NamedReference{"hellip", 0x2026}, NamedReference{"trade", 0x2122},  NamedReference{"ensp", 0x2002},
    NamedReference{"emsp", 0x2003},   NamedReference{"thinsp", 0x2009}, NamedReference{"zwnj", 0x200c},
    NamedReference{"zwj", 0x200d},    NamedReference{"lrm", 0x200e},    NamedReference{"rlm", 0x200f}};

std::string utf8(std::uint32_t code) {
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) code = 0xfffd;
  if (code < 0x80) return {static_cast<char>(code)};
  std::string bytes;
  const int length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  bytes += static_cast<char>((0xf00U >> length & 0xf0U) | code >> (6 * (length - 1)));
  for (int i = length - 2; i >= 0; --i) bytes += static_cast<char>(0x80U | (code >> (6 * i) & 0x3fU));
  return bytes;
}

// At the lead byte of a character of UTF-8 that is well formed: its length and code.
std::pair<std::size_t, std::uint32_t> read_utf8(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  std::uint32_t code = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  return {length, code};
}

std::optional<std::string> decode_number(std::string_view digits) {
  const bool is_hexadecimal = digits.starts_with('x') || digits.starts_with('X');
  if (is_hexadecimal) digits.remove_prefix(1);
  std::uint32_t code = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), code, is_hexadecimal ? 16 : 10);
  if (digits.empty() || end != digits.data() + digits.size()) return std::nullopt;
  return utf8(error == std::errc() ? code : 0xfffd);
}

}  // namespace

std::optional<std::string> decode_reference(std::string_view name) {
  if (name.starts_with('#')) return decode_number(name.substr(1));
  const auto latin = std::find(latin_names.begin(), latin_names.end(), name);
  if (latin != latin_names.end()) return utf8(0xa0 + static_cast<std::uint32_t>(latin - latin_names.begin()));
  const auto other =
      std::find_if(other_names.begin(), other_names.end(), [&](const auto& one) { return one.first == name; });
  return other == other_names.end() ? std::nullopt : std::optional(utf8(other->second));
}

std::string ascii_html(std::string_view html) {
  if (!base::is_utf8(html)) return {};
  std::string ascii;
  while (!html.empty()) {
    if (base::is_ascii(html.front())) {
      ascii += html.front();
      html.remove_prefix(1);
      continue;
    }
    const auto [length, code] = read_utf8(html);
    ascii += "&#" + std::to_string(code) + ";";
    html.remove_prefix(length);
  }
  return ascii;
}

}  // namespace connectord::mime
