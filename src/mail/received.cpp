#include "received.h"

#include <algorithm>
#include <array>
#include <vector>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/mail/header_field.h"
#include "connectord/mail/scanner.h"
#include "received_client.h"

namespace connectord::mail {
namespace {

struct Item {
  enum class Kind { word, comment, semicolon };

  Kind kind = Kind::word;
  std::string text;
  std::string_view rest;  // what follows, for the timestamp
};

using Problem = std::string;

// A word, with the quoted strings and the angle brackets inside it: `<"a b;c"@example.com>`.
std::optional<std::string> take_word(Scanner& scanner) {
  std::string word;
  while (!scanner.at_end() && !base::is_space(scanner.peek()) && scanner.peek() != '(' && scanner.peek() != ';') {
    if (scanner.peek() != '"') {
      word += scanner.next();
      continue;
    }
    const auto quoted = scanner.quoted_string();
    if (!quoted) return std::nullopt;
    word += *quoted;
  }
  return word;
}

tl::expected<std::vector<Item>, Problem> itemize(std::string_view text) {
  std::vector<Item> items;
  Scanner scanner(text);
  for (scanner.skip_spaces(); !scanner.at_end(); scanner.skip_spaces()) {
    Item item;
    if (scanner.peek() == '(') {
      auto comment = scanner.comment();
      if (!comment) return tl::unexpected(Problem("a comment that is not closed, or nested too deep"));
      item.kind = Item::Kind::comment;
      item.text = base::trimmed(*comment);
    } else if (scanner.take(';')) {
      item.kind = Item::Kind::semicolon;
    } else {
      auto word = take_word(scanner);
      if (!word) return tl::unexpected(Problem("a quoted string that is not closed"));
      item.text = std::move(*word);
    }
    item.rest = scanner.rest();
    items.push_back(std::move(item));
  }
  return items;
}

// The timestamp stands behind the last semicolon (RFC 5321, 4.4); a date itself has none.
std::string take_timestamp(std::vector<Item>& items) {
  const auto last =
      std::find_if(items.rbegin(), items.rend(), [](const Item& item) { return item.kind == Item::Kind::semicolon; });
  if (last == items.rend()) return {};
  std::string timestamp(base::trimmed(last->rest));
  items.erase(last.base() - 1, items.end());
  return timestamp;
}

bool is_keyword(const Item& item) {
  constexpr std::array<std::string_view, 6> keywords = {"from", "by", "via", "with", "id", "for"};
  return item.kind == Item::Kind::word && std::any_of(keywords.begin(), keywords.end(), [&](std::string_view keyword) {
           return base::equals_ignoring_case(item.text, keyword);
         });
}

void append(std::string& words, const std::string& word) {
  if (!words.empty()) words += ' ';
  words += word;
}

bool mentions_tls(std::string_view comment) {
  constexpr std::array<std::string_view, 4> signs = {"using tls", "version=tls", "cipher=", "tlsv1"};
  return std::any_of(signs.begin(), signs.end(),
                     [&](std::string_view sign) { return base::contains_ignoring_case(comment, sign); });
}

// RFC 3848 and its successors in IANA's registry: an S behind SMTP or LMTP. Others write it out.
bool is_tls_protocol(std::string_view with) {
  if (base::contains_ignoring_case(with, "tls")) return true;
  const std::string protocol = base::to_lower(with.substr(0, with.find_first_of(" /")));
  return protocol.ends_with("tps") || protocol.ends_with("tpsa");
}

// from FROM by BY with WITH …, each with its comments.
class ClauseReader {
 public:
  explicit ClauseReader(const std::vector<Item>& items) : items_(items) {}

  Received read() {
    Received received;
    read_from(received);
    while (position_ < items_.size()) read_clause(received);
    received.tls = tls_ || is_tls_protocol(received.with);
    if (received.has_from) read_client(from_, received);
    return received;
  }

 private:
  // The first word behind "from" is a name even if it is "by".
  void read_from(Received& received) {
    if (items_.empty() || !base::equals_ignoring_case(items_[0].text, "from") || items_[0].kind != Item::Kind::word)
      return;
    received.has_from = true;
    for (position_ = 1; position_ < items_.size(); ++position_) {
      const Item& item = items_[position_];
      if (is_keyword(item) && !from_.name.empty()) return;
      if (item.kind == Item::Kind::comment) {
        from_.comments.push_back(item.text);
        note_tls(item.text);
      } else if (item.kind == Item::Kind::word) {
        append(from_.name, item.text);
      }
    }
  }

  void read_clause(Received& received) {
    const Item keyword = items_[position_++];
    std::string words;
    for (; position_ < items_.size() && !is_keyword(items_[position_]); ++position_) {
      const Item& item = items_[position_];
      if (item.kind == Item::Kind::word) append(words, item.text);
      if (item.kind == Item::Kind::comment) note_tls(item.text);
    }
    if (!is_keyword(keyword)) return;
    if (base::equals_ignoring_case(keyword.text, "by") && received.by.empty()) {
      received.by = words.substr(0, words.find(' '));
    } else if (base::equals_ignoring_case(keyword.text, "with")) {
      append(received.with, words);
    }
  }

  void note_tls(std::string_view comment) {
    const bool client_says = base::contains_ignoring_case(comment, "helo");
    tls_ = tls_ || (!client_says && mentions_tls(comment));
  }

  const std::vector<Item>& items_;
  std::size_t position_ = 0;
  FromClause from_;
  bool tls_ = false;
};

}  // namespace

tl::expected<Received, std::string> parse_received(std::string_view raw_value) {
  const auto line = unfold(raw_value);
  if (!line) return tl::unexpected(line.error());
  auto items = itemize(*line);
  if (!items) return tl::unexpected(items.error());
  const std::string timestamp = take_timestamp(*items);
  if (items->empty()) return tl::unexpected(Problem("empty"));
  Received received = ClauseReader(*items).read();
  received.timestamp = timestamp;
  if (!received.has_from && received.by.empty() && items->front().kind != Item::Kind::comment) {
    return tl::unexpected(Problem("neither \"from\" nor \"by\""));
  }
  return received;
}

}  // namespace connectord::mail
