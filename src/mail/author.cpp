#include "connectord/mail/author.h"

#include <algorithm>
#include <forward_list>
#include <optional>
#include <utility>

#include "author_readings.h"
#include "connectord/base/text.h"
#include "connectord/mail/header_field.h"
#include "connectord/mail/scanner.h"
#include "connectord/net/domain_name.h"

namespace connectord::mail {
namespace {

// A word or a special of RFC 5322, 3.2.3. Whitespace and comments are no tokens, but it counts where they were.
struct Token {
  enum class Kind { atom, quoted, literal, special, end };

  Kind kind = Kind::end;
  bool glued = false;         // nothing stands between this token and the one before
  std::string_view text;      // of a special, the character
  std::string_view comments;  // what the comments before this token say

  bool is(char special) const { return kind == Kind::special && text.front() == special; }
  bool is_word() const { return kind == Kind::atom || kind == Kind::quoted; }
};

// More are no honest message's, and each costs a conversion of its domain.
constexpr std::size_t max_mailboxes = 64;

using Problem = std::string;

// Refer to the line, and to what stands nowhere as it is: quoted strings and comments without their escapes.
struct Tokens {
  std::vector<Token> list;
  std::forward_list<std::string> unescaped;

  std::string_view keep(std::string text) {
    if (text.empty()) return {};
    return unescaped.emplace_front(std::move(text));
  }
};

tl::unexpected<Problem> problem(std::string_view what) {
  return tl::unexpected(Problem(what));
}

// What stands between '[' and ']'; the brackets are special in a domain only, and harmless in a display name, where
// many programs leave them unquoted.
std::optional<std::string_view> take_literal(Scanner& scanner) {
  const auto end = scanner.rest().find_first_of("[]<>,@\"", 1);
  if (end == std::string_view::npos || scanner.rest()[end] != ']') return std::nullopt;
  const std::string_view literal = scanner.rest().substr(0, end + 1);
  for (std::size_t i = 0; i <= end; ++i) scanner.next();
  return literal;
}

tl::expected<Token, Problem> take_token(Scanner& scanner, Tokens& tokens) {
  Token token;
  if (scanner.at_end()) return token;
  if (is_atext(scanner.peek())) {
    token.kind = Token::Kind::atom;
    token.text = scanner.atom();
  } else if (scanner.peek() == '"') {
    auto content = scanner.quoted_string();
    if (!content) return problem("a quoted string that is not closed");
    token.kind = Token::Kind::quoted;
    token.text = tokens.keep(std::move(*content));
  } else if (scanner.peek() == '[') {
    const auto literal = take_literal(scanner);
    if (!literal) return problem("a [ without its ]");
    token.kind = Token::Kind::literal;
    token.text = *literal;
  } else {
    token.kind = Token::Kind::special;
    token.text = scanner.rest().substr(0, 1);
    scanner.next();
  }
  return token;
}

tl::expected<Tokens, Problem> tokenize(std::string_view text) {
  constexpr std::size_t usual = 16;
  Tokens tokens;
  tokens.list.reserve(usual);
  Scanner scanner(text);
  for (;;) {
    const auto before = scanner.rest().size();
    std::string comments;
    if (!scanner.skip_cfws(&comments)) return problem("a comment that is not closed, or nested too deep");
    const bool glued = scanner.rest().size() == before;
    auto token = take_token(scanner, tokens);
    if (!token) return tl::unexpected(token.error());
    token->glued = glued;
    token->comments = tokens.keep(std::move(comments));
    tokens.list.push_back(*token);
    if (token->kind == Token::Kind::end) return tokens;
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
  explicit MailboxListParser(const std::vector<Token>& tokens) : tokens_(tokens) {}

  tl::expected<std::vector<Mailbox>, Problem> parse() {
    std::vector<Mailbox> mailboxes;
    for (;;) {
      while (current().is(',')) advance();  // empty places of the obsolete list (4.4)
      if (current().kind == Token::Kind::end && !mailboxes.empty()) return mailboxes;
      auto mailbox = parse_mailbox();
      if (!mailbox) return tl::unexpected(mailbox.error());
      mailboxes.push_back(std::move(*mailbox));
      if (mailboxes.size() > max_mailboxes) return problem("too many mailboxes");
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
    if (!at_end_of_mailbox()) return "a " + base::printable(current().text) + " that belongs to no address";
    if (position_ == begin) return "empty";
    return "a name without an address: \"" + base::printable(joined(begin, position_)) + "\"";
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

  // Words and dots in any order, and around dots also what the obsolete form allows (4.4): none of that changes the
  // domain.
  tl::expected<void, Problem> read_local_part(Index begin, Mailbox& mailbox) const {
    if (begin == position_) return problem("an address without a local part");
    for (Index i = begin; i < position_; ++i) {
      const Token& token = tokens_[i];
      const bool goes_on = i == begin || token.glued || token.is('.') || tokens_[i - 1].is('.');
      if (!goes_on) return problem("words before an address that is not in angle brackets");
      if (token.kind == Token::Kind::literal) return problem("a local part with a bracket");
      if (i > begin && has_address_like(token.comments)) return problem(address_in_comment);
      if (has_encoded_word(token.text)) return problem("an encoded word in an address");
      if (has_disguised_at(token.text)) return problem("a character in an address that looks like @");
      mailbox.local_part += token.text;
    }
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
    if (!normalized) return tl::unexpected("\"" + base::printable(domain) + "\" is not a domain");
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

  const std::vector<Token>& tokens_;
  Index position_ = 0;
};

// By the grammar alone: the mailboxes of one domain.
tl::expected<std::vector<Mailbox>, Problem> read_by_grammar(std::string_view value) {
  const auto line = unfold(value);
  if (!line) return tl::unexpected(line.error());
  const auto tokens = tokenize(*line);
  if (!tokens) return tl::unexpected(tokens.error());
  auto mailboxes = MailboxListParser(tokens->list).parse();
  if (!mailboxes) return mailboxes;
  const std::string& domain = mailboxes->front().domain;
  for (const Mailbox& mailbox : *mailboxes) {
    if (mailbox.domain == domain) continue;
    return tl::unexpected("mailboxes of several domains: " + base::printable(domain) + " and " +
                          base::printable(mailbox.domain));
  }
  return mailboxes;
}

constexpr std::string_view too_many = "too many addresses to look at, in what can be read in several ways";

void add(std::vector<std::string>& domains, const std::string& domain) {
  if (std::find(domains.begin(), domains.end(), domain) == domains.end()) domains.push_back(domain);
}

// The length of what selects another character set (ISO 2022), as older Japanese senders write it in names; 0 for none.
std::size_t length_of_shift(std::string_view text) {
  constexpr char escape = '\x1b';
  constexpr std::string_view intermediates = "$()*+-./";
  if (!text.starts_with(escape)) return 0;
  const auto end = text.find_first_not_of(intermediates, 1);
  if (end == std::string_view::npos || end == 1) return 0;
  return text[end] >= 0x30 && text[end] < 0x7f ? end + 1 : 0;
}

// Where such a character stands the field, or the header, ends for some.
bool has_control_character(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (const auto shift = length_of_shift(value.substr(i)); shift > 0) i += shift - 1;
    const char c = value[i];
    const bool is_line_end = value.substr(i).starts_with("\r\n") || c == '\n';
    if (is_line_end && c == '\r') ++i;
    const bool is_folding = is_line_end && i + 1 < value.size() && base::is_space(value[i + 1]);
    if (base::is_control(c) && c != '\t' && !is_folding) return true;
  }
  return false;
}

tl::expected<Author, Problem> read_field(std::string_view value) {
  if (value.size() > max_read_value_length) return problem("longer than 16384 characters");
  Author author;
  auto mailboxes = read_by_grammar(value);
  if (mailboxes) author.mailboxes = std::move(*mailboxes);
  if (mailboxes && base::is_utf8(value)) {
    author.domains = {author.mailboxes.front().domain};
    return author;
  }
  author.is_disputed = has_control_character(value);
  // A byte of an older character set may be what looks like a quote here.
  author.remark = mailboxes ? "bytes that are not UTF-8" : mailboxes.error();
  auto domains = possible_domains(value, max_author_domains);
  if (!domains) return problem(too_many);
  author.domains = std::move(*domains);
  if (mailboxes) add(author.domains, author.mailboxes.front().domain);
  if (author.domains.size() > max_author_domains) return problem(too_many);
  if (author.domains.size() != 1) author.mailboxes.clear();
  author.lacks_domain = author.domains.empty() && has_word(value);
  return author;
}

// One message's author, of all its fields.
tl::expected<void, Problem> merge(Author& author, const Author& field) {
  for (const std::string& domain : field.domains) add(author.domains, domain);
  if (author.domains.size() > max_author_domains) return problem(too_many);
  author.lacks_domain = author.lacks_domain || field.lacks_domain;
  return {};
}

}  // namespace

tl::expected<Author, std::string> parse_author(const std::vector<std::string_view>& from_values) {
  const auto named = [](const Problem& what) { return "From field: " + what; };
  if (from_values.empty()) {
    Author nobody;
    nobody.remark = "no From field";
    return nobody;
  }
  if (from_values.size() > max_from_fields) return problem("too many From fields");
  auto author = read_field(from_values.front()).map_error(named);
  if (!author) return author;
  if (!author->remark.empty()) author->remark = named(author->remark);
  if (from_values.size() == 1) return author;
  author->is_disputed = true;
  author->remark = std::to_string(from_values.size()) + " From fields";
  author->mailboxes.clear();
  for (std::size_t i = 1; i < from_values.size(); ++i) {
    auto field = read_field(from_values[i]).map_error(named);
    if (!field) return field;
    if (auto merged = merge(*author, *field); !merged) return tl::unexpected(named(merged.error()));
  }
  return author;
}

void complete_author(Author& author, std::string_view sender_domain, std::string_view server_name) {
  if (!author.domains.empty()) return;
  const std::string_view completion = author.lacks_domain ? server_name : sender_domain;
  if (completion.empty()) return;
  author.domains.emplace_back(completion);
  author.remark += ", which " + base::printable(completion) + " completes";
}

}  // namespace connectord::mail
