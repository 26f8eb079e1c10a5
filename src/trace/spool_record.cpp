#include "spool_record.h"

#include <zlib.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace connectord::trace {
namespace {

// The last byte is the version of what follows.
constexpr std::array<char, 4> mark = {'c', 'o', 's', 1};

struct Head {
  std::array<char, 4> mark{};
  std::uint32_t length = 0;  // of the content
  std::uint64_t sequence = 0;
  std::uint32_t checksum = 0;  // of the content
  std::uint32_t zero = 0;
};
static_assert(sizeof(Head) == spool_record_head && std::is_trivially_copyable_v<Head>);

// Of at least as many bytes.
Head head_of(std::string_view bytes) {
  Head head;
  std::memcpy(&head, bytes.data(), sizeof head);
  return head;
}

bool is_ours(const Head& head) {
  return head.mark == mark && head.zero == 0 && head.length <= max_record_length;
}

std::uint32_t checksum_of(std::string_view content) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size())));
}

// The fields in their order, for whoever writes or reads them.
template <class Visitor, class Entry>
void each_field(Visitor&& visit, Entry& entry) {
  visit(entry.time);
  visit(entry.stage);
  visit(entry.direction);
  visit(entry.action);
  visit(entry.status);
  visit(entry.queue_id);
  visit(entry.message_id);
  visit(entry.client);
  visit(entry.original_client);
  visit(entry.helo);
  visit(entry.tls);
  visit(entry.cipher);
  visit(entry.mail_from);
  visit(entry.from);
  visit(entry.subject);
  visit(entry.size);
  visit(entry.connector);
  visit(entry.outbound_connector);
  visit(entry.reply);
  visit(entry.certificate);
  visit(entry.details);
  visit(entry.findings);
  visit(entry.recipients);
  visit(entry.outbound_connectors);
}

// These follow. Records of the schema's version 1 end before them, and have the two in `details`.
template <class Visitor, class Entry>
void each_field_of_version_2(Visitor&& visit, Entry& entry) {
  visit(entry.connected);
  visit(entry.began);
}

// And these. Records of the schema's versions up to 3 end before them.
template <class Visitor, class Entry>
void each_field_of_version_4(Visitor&& visit, Entry& entry) {
  visit(entry.rules);
}

class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(out) {}

  template <class Number>
  requires std::is_integral_v<Number> || std::is_enum_v<Number>
  void operator()(Number number) {
    const auto value = static_cast<std::int64_t>(number);
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void operator()(const std::string& text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    out_.append(reinterpret_cast<const char*>(&size), sizeof size).append(text);
  }
  void operator()(const std::optional<std::int64_t>& number) {
    (*this)(number.has_value());
    (*this)(number.value_or(0));
  }
  void operator()(const StoredFinding& finding) {
    (*this)(finding.pattern);
    (*this)(finding.seen);
  }
  void operator()(const StoredRule& rule) {
    (*this)(rule.pattern);
    (*this)(rule.microseconds);
    (*this)(rule.skipped_because);
    (*this)(rule.recipients);
  }
  template <class Element>
  void operator()(const std::vector<Element>& list) {
    (*this)(list.size());
    for (const Element& element : list) (*this)(element);
  }

 private:
  std::string& out_;
};

class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}

  // All was there, and nothing more.
  bool is_done() const { return is_sound_ && rest_.empty(); }

  template <class Number>
  requires std::is_integral_v<Number>
  void operator()(Number& number) { number = static_cast<Number>(read<std::int64_t>()); }
  template <class Enumeration>
  requires std::is_enum_v<Enumeration>
  void operator()(Enumeration& value) { value = model::stored_value<Enumeration>(read<std::int64_t>()); }
  void operator()(std::string& text) { text = take(read<std::uint32_t>()); }
  void operator()(std::optional<std::int64_t>& number) {
    const bool is_there = read<std::int64_t>() != 0;
    const auto value = read<std::int64_t>();
    if (is_there) number = value;
  }
  void operator()(StoredFinding& finding) {
    (*this)(finding.pattern);
    (*this)(finding.seen);
  }
  void operator()(StoredRule& rule) {
    (*this)(rule.pattern);
    (*this)(rule.microseconds);
    (*this)(rule.skipped_because);
    (*this)(rule.recipients);
  }
  template <class Element>
  void operator()(std::vector<Element>& list) {
    // More than there are recipients in a message; each would take a multiple of its bytes.
    constexpr std::int64_t most = 100'000;
    const auto count = read<std::int64_t>();
    if (count < 0 || count > most) is_sound_ = false;
    for (std::int64_t i = 0; i < count && is_sound_; ++i) (*this)(list.emplace_back());
  }

 private:
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) is_sound_ = false;
    if (!is_sound_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <class Number>
  Number read() {
    Number number = 0;
    const std::string_view bytes = take(sizeof number);
    if (!bytes.empty()) std::memcpy(&number, bytes.data(), sizeof number);
    return number;
  }

  std::string_view rest_;
  bool is_sound_ = true;
};

}  // namespace

std::string spool_record(const StoredEntry& entry) {
  std::string record;
  record.reserve(entry.bytes());
  record.resize(sizeof(Head));
  each_field(FieldWriter(record), entry);
  each_field_of_version_2(FieldWriter(record), entry);
  each_field_of_version_4(FieldWriter(record), entry);
  const std::string_view content = std::string_view(record).substr(sizeof(Head));
  const Head head{mark, static_cast<std::uint32_t>(content.size()), 0, checksum_of(content)};
  std::memcpy(record.data(), &head, sizeof head);
  return record;
}

void number_record(std::string& record, std::uint64_t sequence) {
  std::memcpy(record.data() + offsetof(Head, sequence), &sequence, sizeof sequence);
}

std::size_t read_records(std::string_view bytes, const std::function<void(std::uint64_t, std::string_view)>& take,
                         std::uint64_t after) {
  std::size_t place = 0;
  std::uint64_t last = after;
  while (bytes.size() - place >= sizeof(Head)) {
    const Head head = head_of(bytes.substr(place));
    const std::string_view rest = bytes.substr(place + sizeof head);
    if (!is_ours(head) || head.sequence <= last || head.length > rest.size()) break;
    const std::string_view content = rest.substr(0, head.length);
    if (checksum_of(content) != head.checksum) break;
    take(head.sequence, content);
    last = head.sequence;
    place += sizeof head + head.length;
  }
  return place;
}

bool is_incomplete(std::string_view bytes) {
  if (bytes.size() < sizeof(Head)) return true;
  const Head head = head_of(bytes);
  return is_ours(head) && head.length > bytes.size() - sizeof(Head);
}

bool read_entry(std::string_view content, StoredEntry& entry) {
  FieldReader reader(content);
  each_field(reader, entry);
  if (!reader.is_done()) each_field_of_version_2(reader, entry);
  if (!reader.is_done()) each_field_of_version_4(reader, entry);
  return reader.is_done() && !entry.recipients.empty() &&
         (entry.outbound_connectors.empty() || entry.outbound_connectors.size() == entry.recipients.size());
}

}  // namespace connectord::trace
