#include "author_readings.h"

#include <openssl/evp.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/ip_address.h"

namespace connectord::mail {
namespace {

constexpr auto none = std::string_view::npos;
constexpr std::size_t max_name_length = 253;  // RFC 1035, 2.3.4
constexpr std::size_t max_label_length = 63;
// Each costs a conversion of its domain, in each way of reading.
constexpr std::size_t max_at_signs = 64;

bool is_blank(char c) {
  return base::is_space(c) || base::is_control(c);
}
bool is_domain_character(char c) {
  return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_' || c == '.' || !base::is_ascii(c);
}

// Fullwidth and small commercial at: whoever normalizes text before reading it takes them for '@'.
std::string with_plain_at(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const bool is_disguised = text.starts_with("\xef\xbc\xa0") || text.starts_with("\xef\xb9\xab");
    plain += is_disguised ? '@' : text.front();
    text.remove_prefix(is_disguised ? 3 : 1);
  }
  return plain;
}

// Unlike a strict decoder, passes over what does not belong there, and wants no padding.
std::string decode_base64(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (base::is_alpha(c) || base::is_digit(c) || c == '+' || c == '/') digits += c;
  }
  const std::size_t padding = (4 - digits.size() % 4) % 4;
  digits.append(padding, '=');
  std::string bytes(digits.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(digits.data()), static_cast<int>(digits.size()));
  bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size) - std::min<std::size_t>(padding, 2));
  return bytes;
}

std::optional<unsigned> hexadecimal(char c) {
  if (base::is_digit(c)) return static_cast<unsigned>(c - '0');
  const char lower = base::to_lower(c);
  if (lower < 'a' || lower > 'f') return std::nullopt;
  return static_cast<unsigned>(lower - 'a') + 10;
}

std::string decode_quoted(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=' && i + 2 < text.size()) {
      const auto high = hexadecimal(text[i + 1]);
      const auto low = hexadecimal(text[i + 2]);
      if (high && low) {
        bytes += static_cast<char>(static_cast<unsigned char>(*high << 4U | *low));
        i += 2;
        continue;
      }
    }
    bytes += text[i] == '_' ? ' ' : text[i];
  }
  return bytes;
}

// As decoders have it that do not ask where an encoded word may stand, nor whether it ends.
std::string decode_words(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    const auto begin = text.find("=?");
    decoded += text.substr(0, begin);
    if (begin == none) break;
    text.remove_prefix(begin + 2);
    const auto charset = text.find('?');
    if (charset == none || charset + 2 >= text.size() || text[charset + 2] != '?') continue;
    const bool is_base64 = base::to_lower(text[charset + 1]) == 'b';
    text.remove_prefix(charset + 3);
    const auto end = text.find('?');
    decoded += is_base64 ? decode_base64(text.substr(0, end)) : decode_quoted(text.substr(0, end));
    text.remove_prefix(std::min(end, text.size()));
    if (text.starts_with("?=")) text.remove_prefix(2);
  }
  return decoded;
}

// The length of what begins with a '(' or '"' at the front of the text; all of it where that never ends.
std::size_t length_of_part(std::string_view text) {
  const bool is_comment = text.front() == '(';
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (is_comment && text[i] == '(') {
      ++depth;
    } else if (is_comment ? text[i] == ')' && --depth == 0 : text[i] == '"' && i > 0) {
      return i + 1;
    }
  }
  return text.size();
}

// Some put a space in the place of what they leave out, and some nothing.
std::string without_parts(std::string_view text, std::string_view openings, std::string_view instead) {
  std::string rest;
  rest.reserve(text.size());
  while (!text.empty()) {
    const bool opens = openings.find(text.front()) != none;
    rest += opens ? instead : text.substr(0, 1);
    text.remove_prefix(opens ? length_of_part(text) : 1);
  }
  return rest;
}

// With the lines joined by readers that take the space before a continuation for a part of the line's end.
std::string joined_lines(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_end = text[i] == '\r' || text[i] == '\n';
    if (!is_end) line += text[i];
    while (is_end && i + 1 < text.size() && is_blank(text[i + 1])) ++i;
  }
  return line;
}

std::string without(std::string_view text, bool (*is_left_out)(char)) {
  std::string rest(text);
  rest.erase(std::remove_if(rest.begin(), rest.end(), is_left_out), rest.end());
  return rest;
}

// Without the white space around dots and "@", at which obsolete syntax goes on (RFC 5322, 4.4).
std::string squeezed(std::string_view text) {
  std::string rest;
  rest.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_blank(text[i])) {
      rest += text[i];
      continue;
    }
    std::size_t end = i;
    while (end + 1 < text.size() && is_blank(text[end + 1])) ++end;
    const bool is_joint = (end + 1 < text.size() && (text[end + 1] == '.' || text[end + 1] == '@')) ||
                          (!rest.empty() && (rest.back() == '.' || rest.back() == '@'));
    if (!is_joint) rest += ' ';
    i = end;
  }
  return rest;
}

std::string from_latin1(std::string_view text) {
  std::string utf8;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) utf8 += static_cast<char>(0xc0U | byte >> 6U);
    utf8 += byte < 0x80 ? c : static_cast<char>(0x80U | (byte & 0x3fU));
  }
  return utf8;
}

std::string with_single_dots(std::string_view name) {
  std::string single;
  for (const char c : name) {
    if (c != '.' || (!single.empty() && single.back() != '.')) single += c;
  }
  if (single.ends_with('.')) single.pop_back();
  return single;
}

// What stands before an "@": by that the same one is known again in another way of reading.
std::string_view word_before(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  constexpr std::string_view ends = " \t<>,;:()\"@";
  const auto end = text.find_last_of(ends);
  return end == none ? text : text.substr(end + 1);
}

class Collector {
 public:
  explicit Collector(std::size_t most) : most_(most) {}

  bool is_full() const { return is_full_; }

  void read(std::string text) {
    if (std::find(texts_.begin(), texts_.end(), text) != texts_.end()) return;
    texts_.push_back(std::move(text));
    const std::string_view whole = texts_.back();
    if (static_cast<std::size_t>(std::count(whole.begin(), whole.end(), '@')) > max_at_signs) is_full_ = true;
    for (auto at = whole.find('@'); at != none && !is_full_; at = whole.find('@', at + 1)) {
      before_at_ = word_before(whole.substr(0, at));
      read_behind_at(whole.substr(at + 1));
    }
  }

  std::vector<std::string> take() const {
    const bool has_better = std::any_of(readings_.begin(), readings_.end(), has_dot);
    std::vector<std::string> domains;
    for (const Reading& reading : readings_) {
      if (has_better && !has_dot(reading) && !is_cut(reading)) continue;
      if (std::find(domains.begin(), domains.end(), reading.domain) == domains.end()) domains.push_back(reading.domain);
    }
    return domains;
  }

 private:
  struct Reading {
    std::string domain;
    std::string before_at;
    friend bool operator==(const Reading&, const Reading&) = default;
  };

  static bool has_dot(const Reading& reading) { return reading.domain.find('.') != std::string::npos; }
  // Where one reader ends, another goes on.
  bool is_cut(const Reading& part) const {
    return std::any_of(readings_.begin(), readings_.end(), [&part](const Reading& whole) {
      return whole.before_at == part.before_at && whole.domain.size() > part.domain.size() &&
             (whole.domain.starts_with(part.domain) || whole.domain.ends_with("." + part.domain));
    });
  }

  void read_behind_at(std::string_view text) {
    while (!text.empty() && (is_blank(text.front()) || std::string_view("\"<\\").find(text.front()) != none)) {
      text.remove_prefix(1);
    }
    if (text.starts_with('[')) {
      text.remove_prefix(1);
      if (is_address(text.substr(0, text.find(']')))) return;
    }
    bool is_first = true;
    for (;;) {
      std::size_t length = 0;
      while (length < text.size() && is_domain_character(text[length])) ++length;
      const std::string_view piece = text.substr(0, length);
      // Behind a character that no domain has, such as an apostrophe, only what looks like a domain is one.
      if (is_first || piece.find('.') != none) add_readings(piece);
      text.remove_prefix(length);
      if (text.empty() || !is_atext(text.front())) return;
      text.remove_prefix(1);
      is_first = false;
    }
  }

  static bool is_address(std::string_view literal) {
    constexpr std::string_view ip6 = "IPv6:";
    if (base::equals_ignoring_case(literal.substr(0, ip6.size()), ip6)) literal.remove_prefix(ip6.size());
    return net::IpAddress::parse(literal).has_value();
  }

  void add_readings(std::string_view name) {
    // Most ways of reading find the same, and names that are not ASCII cost much to convert.
    if (!seen_.insert(std::string(before_at_) + "@" + std::string(name)).second) return;
    if (add(name)) return;
    if (std::all_of(name.begin(), name.end(), base::is_ascii)) return add_broken(name);
    if (!base::is_utf8(name)) add(from_latin1(name));
    while (!name.empty()) {
      const auto end = std::find_if_not(name.begin(), name.end(), base::is_ascii);
      const auto length = static_cast<std::size_t>(end - name.begin());
      add_broken(name.substr(0, length));
      name.remove_prefix(std::min(length + 1, name.size()));
    }
  }

  // What DNS cannot hold as a whole: with empty labels, or too long. Readers may end at the fault or pass over it, and
  // the policy of a domain above may be for it.
  void add_broken(std::string_view name) {
    if (const auto empty_label = name.find(".."); empty_label != none) add(name.substr(0, empty_label));
    const std::string whole = with_single_dots(name);
    add(max_end_length(whole));
  }

  // The last labels that make a name which DNS can hold.
  static std::string_view max_end_length(std::string_view name) {
    std::string_view end;
    for (std::string_view rest = name; !rest.empty();) {
      const auto dot = rest.rfind('.');
      const std::size_t begin = dot == none ? 0 : dot + 1;
      if (rest.size() - begin > max_label_length || name.size() - begin > max_name_length) break;
      end = name.substr(begin);
      rest = rest.substr(0, dot == none ? 0 : dot);
    }
    return end;
  }

  bool add(std::string_view name) {
    auto domain = net::normalize_domain(name);
    if (!domain) return false;
    Reading reading{std::move(*domain), std::string(before_at_)};
    const bool is_known = std::find(readings_.begin(), readings_.end(), reading) != readings_.end();
    if (!is_known) readings_.push_back(std::move(reading));
    if (readings_.size() > most_) is_full_ = true;
    return true;
  }

  std::size_t most_;
  bool is_full_ = false;
  std::vector<std::string> texts_;        // read so far
  std::unordered_set<std::string> seen_;  // what stands around an "@" there
  std::string_view before_at_;            // the one that is being read
  std::vector<Reading> readings_;
};

}  // namespace

std::optional<std::vector<std::string>> possible_domains(std::string_view text, std::size_t most) {
  // The same one may be found in several ways, and those of one label may fall out again.
  Collector found(8 * most);
  const std::string raw = with_plain_at(text);
  std::vector<std::string> texts = {raw};
  if (raw.find("=?") != std::string::npos) texts.push_back(with_plain_at(decode_words(raw)));
  for (const std::string& one : texts) {
    found.read(one);
    found.read(squeezed(one));
    found.read(joined_lines(one));
    found.read(without(one, base::is_control));
    for (const std::string_view instead : {" ", ""}) {
      const std::string without_comments = without_parts(one, "(", instead);
      found.read(squeezed(without_comments));
      found.read(squeezed(without_parts(one, "(\"", instead)));
      found.read(squeezed(without(without_comments, [](char c) { return c == '"' || c == '\\'; })));
    }
  }
  if (found.is_full()) return std::nullopt;
  auto domains = found.take();
  if (domains.size() > most) return std::nullopt;
  return domains;
}

bool has_word(std::string_view text) {
  const std::string rest = without_parts(text, "(", " ");
  if (rest.find("@[") != std::string::npos) return false;  // an address literal lacks nothing
  const auto colon = rest.find(':');
  const std::string_view addresses = colon == std::string::npos ? rest : std::string_view(rest).substr(colon + 1);
  return std::any_of(addresses.begin(), addresses.end(),
                     [](char c) { return base::is_alpha(c) || base::is_digit(c) || !base::is_ascii(c); });
}

}  // namespace connectord::mail
