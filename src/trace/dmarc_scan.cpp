#include "dmarc_scan.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "connectord/base/time.h"
#include "connectord/trace/entry.h"
#include "encode.h"
#include "state_table.h"
#include "terms.h"

namespace connectord::trace {
namespace {

// What `details` has under names that matter here, as it stands there. Values are read over and not parsed: most
// messages are like others, and those are parsed once.
class DetailsReader {
 public:
  explicit DetailsReader(std::string_view details) : rest_(details) {
    if (!take('{')) return;
    while (take('"')) {
      const std::string_view key = rest_.substr(0, rest_.find('"'));
      rest_.remove_prefix(std::min(key.size() + 1, rest_.size()));
      if (!take(':')) return;
      keep(key, value());
      if (!take(',')) return;
    }
  }

  std::string_view dmarc;  // with its brackets
  std::array<std::pair<std::string_view, std::string_view>, 5> kept = {
      {{"quarantine", {}}, {"override", {}}, {"spf", {}}, {"dkim", {}}, {"dmarc", {}}}};

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void keep(std::string_view key, std::string_view text) {
    for (auto& [name, kept_text] : kept) {
      if (name == key) kept_text = text;
    }
    if (key == "dmarc") dmarc = text;
  }

  // Up to the comma or the brace behind it.
  std::string_view value() {
    std::size_t depth = 0;
    std::size_t i = 0;
    bool is_quoted = false;
    for (; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (is_quoted) {
        if (c == '\\') ++i;
        if (c == '"') is_quoted = false;
        continue;
      }
      if (c == '"') is_quoted = true;
      if (c == '[') ++depth;
      if (depth == 0 && (c == ',' || c == '}')) break;
      if (c == ']') --depth;
    }
    const std::string_view text = rest_.substr(0, i);
    rest_.remove_prefix(text.size());
    return text;
  }

  std::string_view rest_;
};

constexpr std::size_t record_position = 11;

// The elements of an array of ours by position, as they stand there, strings without their quotes. Domains have nothing
// that is escaped.
std::array<std::string_view, record_position + 1> elements_of(std::string_view array) {
  std::array<std::string_view, record_position + 1> elements;
  std::size_t number = 0;
  std::size_t i = 1;
  while (i < array.size() && number < elements.size()) {
    const bool is_quoted = array[i] == '"';
    if (is_quoted) ++i;
    const std::size_t begin = i;
    while (i < array.size() && (is_quoted ? array[i] != '"' : array[i] != ',' && array[i] != ']')) {
      i += array[i] == '\\' ? 2 : 1;
    }
    elements[number++] = array.substr(begin, std::min(i, array.size()) - begin);
    i += is_quoted ? 2 : 1;
  }
  return elements;
}

enum class ScanColumn : std::uint8_t { id, time, action, client, mail_from, details };
constexpr const char* scan_sql =
    "SELECT id, time, action, coalesce(original_client, client), mail_from, details FROM message "
    "WHERE id > ?1 AND id <= ?2 AND time >= ?3 AND time < ?4 AND stage = ?5 AND direction <> ?6 ORDER BY id LIMIT ?7";

// action, length of the client's address, the address, the sender's domain, 0, an object like `details`
void join(const DmarcKeyParts& parts, const DetailsReader& details, std::string& key) {
  key.clear();
  key += static_cast<char>('0' + parts.action);
  key += static_cast<char>(parts.client.size());
  key += parts.client;
  key += domain_part(parts.mail_from);
  key += '\0';
  key += '{';
  for (const auto& [name, text] : details.kept) {
    if (text.empty()) continue;
    if (key.back() != '{') key += ',';
    key.append("\"").append(name).append("\":").append(text);
  }
  key += '}';
}

}  // namespace

std::string_view write_dmarc_key(const DmarcKeyParts& parts, std::string& key) {
  const DetailsReader details(parts.details);
  const auto dmarc = elements_of(details.dmarc);
  if (dmarc[record_position].empty()) return {};
  const std::string_view domain = dmarc[2].empty() ? dmarc[1] : dmarc[2];
  if (!domain.empty()) join(parts, details, key);
  return domain;
}

DmarcRowsEnd read_dmarc_rows(sqlite::Database& database, const DmarcRows& which, const TakeDmarcRow& take) {
  const auto hours = " FROM hour WHERE hour >= " + std::to_string(which.since / base::hour_ms) + " AND hour < " +
                     std::to_string((which.until + base::hour_ms - 1) / base::hour_ms);
  const std::int64_t indexed = indexed_to(database);
  const std::int64_t first = database.integer("SELECT min(first_id)" + hours).value_or(indexed + 1);
  const std::int64_t last = database.integer("SELECT max(last_id)" + hours).value_or(0);
  // The newest messages are in no hour yet.
  const bool is_newest = which.after >= last;
  const std::int64_t end = is_newest ? database.integer("SELECT max(id) FROM message").value_or(0) : last;
  const std::int64_t begin = std::max(which.after, is_newest ? indexed : first - 1);
  sqlite::Statement rows(database, scan_sql);
  rows.bind(1, begin).bind(2, end).bind(3, which.since).bind(4, which.until);
  rows.bind(5, static_cast<std::int64_t>(Stage::message)).bind(6, static_cast<std::int64_t>(Direction::validation));
  rows.bind(7, static_cast<std::int64_t>(which.most));
  std::string key;
  std::size_t read = 0;
  while (rows.step()) {
    const std::string_view domain = write_dmarc_key({.action = rows.integer(ScanColumn::action),
                                                     .client = rows.text(ScanColumn::client),
                                                     .mail_from = rows.text(ScanColumn::mail_from),
                                                     .details = rows.text(ScanColumn::details)},
                                                    key);
    if (!domain.empty()) take({.time = rows.integer(ScanColumn::time), .policy_domain = domain, .key = key});
    if (++read == which.most) return rows.integer(ScanColumn::id);
  }
  return is_newest ? std::nullopt : DmarcRowsEnd(last);
}

std::optional<DmarcFacts> read_dmarc_key(std::string_view key) {
  constexpr std::size_t head = 2;
  if (key.size() < head) return std::nullopt;
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(key[1]));
  const auto end = key.find('\0', std::min(head + length, key.size()));
  if (end == std::string_view::npos) return std::nullopt;
  Message message;
  decode_details(key.substr(end + 1), message);
  if (!message.authentication.dmarc) return std::nullopt;
  DmarcFacts facts;
  facts.action = model::stored_value<model::Action>(key[0] - '0');
  facts.client = address_text(key.substr(head, length));
  facts.mail_from_domain = key.substr(head + length, end - head - length);
  facts.is_quarantined = !message.quarantine.empty();
  facts.dmarc_override = std::move(message.dmarc_override);
  facts.results = std::move(message.authentication);
  return facts;
}

}  // namespace connectord::trace
