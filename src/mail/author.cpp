#include "connectord/mail/author.h"

#include <optional>

#include "connectord/mail/header_field.h"
#include "connectord/mail/scanner.h"
#include "connectord/mail/text.h"
#include "connectord/net/domain_name.h"

namespace connectord::mail {
namespace {

// A word or a special of RFC 5322, 3.2.3. Whitespace and comments are no tokens, but it counts where they were.
struct Token {
  enum class Kind { atom, quoted, literal, special, end };

  Kind kind = Kind::end;
  std::string text;      // of a special, the character
  bool glued = false;    // nothing stands between this token and the one before
  std::string comments;  // what the comments before this token say

  bool is(char special) const { return kind == Kind::special && text.front() == special; }
  bool is_word() const { return kind == Kind::atom || kind == Kind::quoted; }
};

using Problem = std::string;
using Tokens = std::vector<Token>;

tl::unexpected<Problem> problem(std::string_view what) {
  return tl::unexpected(Problem(what));
}

// What stands between '[' and ']'; the brackets are special in a domain only, and harmless in a display name, where
// many programs leave them unquoted.
std::optional<std::string> take_literal(Scanner& scanner) {
  const auto end = scanner.rest().find_first_of("[]<>,@\"", 1);
  if (end == std::string_view::npos || scanner.rest()[end] != ']') return std::nullopt;
  std::string literal(scanner.rest().substr(0, end + 1));
  for (std::size_t i = 0; i <= end; ++i) scanner.next();
  return literal;
}

tl::expected<Token, Problem> take_token(Scanner& scanner) {
  Token token;
  if (scanner.at_end()) return token;
  if (is_atext(scanner.peek())) {
    token.kind = Token::Kind::atom;
    token.text = scanner.atom();
  } else if (scanner.peek() == '"') {
    auto content = scanner.quoted_string();
    if (!content) return problem("a quoted string that is not closed");
    token.kind = Token::Kind::quoted;
    token.text = std::move(*content);
  } else if (scanner.peek() == '[') {
    auto literal = take_literal(scanner);
    if (!literal) return problem("a [ without its ]");
    token.kind = Token::Kind::literal;
    token.text = std::move(*literal);
  } else {
    token.kind = Token::Kind::special;
    token.text = std::string(1, scanner.next());
  }
  return token;
}

tl::expected<Tokens, Problem> tokenize(std::string_view text) {
  Tokens tokens;
  Scanner scanner(text);
  for (;;) {
    const auto before = scanner.rest().size();
    std::string comments;
    if (!scanner.skip_cfws(&comments)) return problem("a comment that is not closed, or nested too deep");
    const bool glued = scanner.rest().size() == before;
    auto token = take_token(scanner);
    if (!token) return tl::unexpected(token.error());
    token->glued = glued;
    token->comments = std::move(comments);
    tokens.push_back(std::move(*token));
    if (tokens.back().kind == Token::Kind::end) return tokens;
  }
}

// Fullwidth and small commercial at (U+FF20, U+FE6B): who normalizes text before reading it takes them for '@'.
bool has_disguised_at(std::string_view text) {
  return text.find("\xef\xbc\xa0") != std::string_view::npos || text.find("\xef\xb9\xab") != std::string_view::npos;
}

// Who decodes encoded words before reading addresses finds another address (RFC 2047, 5 forbids them there).
bool has_encoded_word(std::string_view text) {
  return text.find("=?") != std::string_view::npos;
}

class MailboxListParser {
 public:
  explicit MailboxListParser(Tokens tokens) : tokens_(std::move(tokens)) {}

  tl::expected<std::vector<Mailbox>, Problem> parse() {
    std::vector<Mailbox> mailboxes;
    for (;;) {
      auto mailbox = parse_mailbox();
      if (!mailbox) return tl::unexpected(mailbox.error());
      mailboxes.push_back(std::move(*mailbox));
      if (mailboxes.size() > most_authors) return problem("too many mailboxes");
      if (current().kind == Token::Kind::end) return mailboxes;
      advance();  // over the comma
    }
  }

 private:
  using Index = std::size_t;

  const Token& current() const { return tokens_[position_]; }
  bool at_end_of_mailbox() const { return current().kind == Token::Kind::end || current().is(','); }
  void advance() {
    if (current().kind != Token::Kind::end) ++position_;
  }

  // mailbox = name-addr / addr-spec (3.4)
  tl::expected<Mailbox, Problem> parse_mailbox() {
    const Index begin = position_;
    while (current().is_word() || current().kind == Token::Kind::literal || current().is('.')) advance();
    if (current().is('<')) return parse_name_addr(begin);
    if (current().is('@')) return parse_bare_address(begin);
    return tl::unexpected(why_no_mailbox(begin));
  }

  Problem why_no_mailbox(Index begin) const {
    if (current().is(':') || current().is(';')) return "a group of addresses in place of a mailbox";
    if (!at_end_of_mailbox()) return "a " + printable(current().text) + " that belongs to no address";
    if (position_ == begin) return tokens_.size() == 1 ? "empty" : "an empty place in the list of mailboxes";
    return "a name without an address: \"" + printable(joined(begin, position_)) + "\"";
  }

  // [display-name] "<" addr-spec ">"
  tl::expected<Mailbox, Problem> parse_name_addr(Index begin) {
    Mailbox mailbox;
    const std::string name = joined(begin, position_);
    advance();  // over '<'
    if (current().is('@')) return problem("a route address (<@host:user@domain>)");
    if (current().is('>')) return problem("an empty address (<>)");
    const Index local = position_;
    while (current().is_word() || current().is('.')) advance();
    if (auto read = parse_address(local, mailbox); !read) return tl::unexpected(read.error());
    if (!current().is('>')) return problem("an address in angle brackets that does not end with its domain");
    if (has_address_like(current().comments)) return problem(address_in_comment);
    advance();
    if (!at_end_of_mailbox()) return problem("text behind an address in angle brackets");
    mailbox.display_name = name;
    return mailbox;
  }

  tl::expected<Mailbox, Problem> parse_bare_address(Index begin) {
    Mailbox mailbox;
    if (auto read = parse_address(begin, mailbox); !read) return tl::unexpected(read.error());
    if (current().is('<')) return parse_address_with_name(begin, mailbox.domain);
    if (!at_end_of_mailbox()) return problem("text behind an address");
    return mailbox;
  }

  // "user@example.com <user@example.com>" breaks the grammar, but many programs write it, and it has one author domain
  // whichever address is read. With two domains it is a forger's first trick.
  tl::expected<Mailbox, Problem> parse_address_with_name(Index begin, const std::string& named_domain) {
    auto mailbox = parse_name_addr(begin);
    if (mailbox && mailbox->domain != named_domain)
      return problem("an address in place of the name of another address");
    return mailbox;
  }

  // addr-spec = local-part "@" domain (3.4.1); the current token is to be the '@'.
  tl::expected<void, Problem> parse_address(Index local, Mailbox& mailbox) {
    if (!current().is('@')) return problem("an address without a domain");
    if (auto read = read_local_part(local, mailbox); !read) return read;
    if (has_address_like(current().comments)) return problem(address_in_comment);
    advance();  // over '@'
    if (has_address_like(current().comments)) return problem(address_in_comment);
    if (current().kind == Token::Kind::literal) return problem("an address literal, which is no domain");
    return read_domain(mailbox);
  }

  // word *("." word), with nothing in between: the obsolete form without its whitespace and comments (4.4).
  tl::expected<void, Problem> read_local_part(Index begin, Mailbox& mailbox) const {
    if (begin == position_) return problem("an address without a local part");
    bool word_is_next = true;
    for (Index i = begin; i < position_; ++i) {
      const Token& token = tokens_[i];
      if (i > begin && !token.glued) return problem("words before an address that is not in angle brackets");
      if (token.is_word() != word_is_next) return problem("a local part with a misplaced dot, quote or bracket");
      if (has_encoded_word(token.text)) return problem("an encoded word in an address");
      if (has_disguised_at(token.text)) return problem("a character in an address that looks like @");
      mailbox.local_part += token.text;
      word_is_next = !word_is_next;
    }
    if (word_is_next) return problem("a local part that ends with a dot");
    return {};
  }

  // dot-atom (3.2.3), and a dot at the end, as DNS has it.
  tl::expected<void, Problem> read_domain(Mailbox& mailbox) {
    const Index begin = position_;
    std::string domain;
    while (current().kind == Token::Kind::atom || current().is('.')) {
      if (position_ > begin && !current().glued) {
        if (current().kind == tokens_[position_ - 1].kind) break;  // a word of its own behind the domain
        return problem("whitespace or a comment inside a domain");
      }
      domain += current().text;
      advance();
    }
    if (domain.empty()) return problem("an address without a domain");
    if (has_encoded_word(domain)) return problem("an encoded word in an address");
    auto normalized = net::normalize_domain(domain);
    if (!normalized) return tl::unexpected("\"" + printable(domain) + "\" is not a domain");
    mailbox.domain = std::move(*normalized);
    return {};
  }

  std::string joined(Index begin, Index end) const {
    std::string text;
    for (Index i = begin; i < end; ++i) {
      if (!text.empty() && !tokens_[i].glued) text += ' ';
      text += tokens_[i].text;
    }
    return text;
  }

  // Inside an address only: who looks for an address with less than a parser finds this one.
  static bool has_address_like(std::string_view comments) {
    return comments.find_first_of("@<>") != std::string_view::npos || has_disguised_at(comments);
  }
  static constexpr std::string_view address_in_comment = "a comment inside an address that holds parts of an address";

  Tokens tokens_;
  Index position_ = 0;
};

tl::expected<Author, Problem> author_of(std::vector<Mailbox> mailboxes) {
  Author author;
  author.domain = mailboxes.front().domain;
  for (const Mailbox& mailbox : mailboxes) {
    if (mailbox.domain == author.domain) continue;
    return tl::unexpected("mailboxes of several domains: " + printable(author.domain) + " and " +
                          printable(mailbox.domain));
  }
  author.mailboxes = std::move(mailboxes);
  return author;
}

tl::expected<Author, Problem> parse_from(std::string_view value) {
  const auto line = unfold(value);
  if (!line) return tl::unexpected(line.error());
  if (!is_utf8(*line)) return problem("bytes that are not UTF-8");
  auto tokens = tokenize(*line);
  if (!tokens) return tl::unexpected(tokens.error());
  return MailboxListParser(std::move(*tokens)).parse().and_then(author_of);
}

}  // namespace

tl::expected<Author, std::string> parse_author(const std::vector<std::string_view>& from_values) {
  if (from_values.empty()) return problem("no From field");
  if (from_values.size() > 1) return tl::unexpected(std::to_string(from_values.size()) + " From fields");
  return parse_from(from_values.front()).map_error([](const Problem& what) { return "From field: " + what; });
}

}  // namespace connectord::mail
