#include "format.h"

#include <unordered_map>

#include "quote.h"

namespace connectord::config {
namespace {

constexpr std::size_t max_line_length = 4096;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

void report_wrong_type(Reader& reader, const toml::node& node, const Words& words) {
  const bool self_explaining = words.one.find('"') != std::string::npos || words.one.find(words.example) == 0;
  reader.error(node.source(), "found " + describe(node) + "; write " + words.one +
                                  (self_explaining ? "" : ", such as " + words.example));
}

const std::string* line_of_text(Reader& reader, const toml::node& node, Words (*words)()) {
  const auto* string = node.as_string();
  if (string == nullptr) {
    report_wrong_type(reader, node, words());
    return nullptr;
  }
  const std::string& text = string->get();
  if (text.size() <= max_line_length && std::none_of(text.begin(), text.end(), is_control)) return &text;
  reader.error(node.source(),
               text.size() > max_line_length
                   ? "found a string of " + std::to_string(text.size()) + " bytes; write no more than " +
                         std::to_string(max_line_length)
                   : "found " + describe(node) + " with a line break or another control character; write one line");
  return nullptr;
}

Words words_of_integers(std::int64_t least, std::int64_t most) {
  return {"an integer from " + std::to_string(least) + " to " + std::to_string(most), "integers",
          std::to_string(least)};
}

Words words_of_list(const Words& entry) {
  return {"a list of " + entry.many, "lists of " + entry.many, "[" + entry.example + "]"};
}

const toml::array* list_of(Reader& reader, const toml::node& node, std::size_t least, Words (*words)()) {
  const auto* list = node.as_array();
  if (list == nullptr) {
    report_wrong_type(reader, node, words());
    return nullptr;
  }
  if (list->size() < least) {
    reader.error(node.source(),
                 "the list is empty; write at least one, such as " + words().example + ", or leave it out");
    return nullptr;
  }
  return list;
}

std::optional<bool> Boolean::read(Reader& reader, const toml::node& node) {
  if (const auto* value = node.as_boolean()) return value->get();
  report_wrong_type(reader, node, words());
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(Reader& reader, const toml::node& node, std::int64_t least,
                                         std::int64_t most) {
  const auto* value = node.as_integer();
  if (value != nullptr && value->get() >= least && value->get() <= most) return value->get();
  reader.error(node.source(), "found " + describe(node) + "; write an integer from " + std::to_string(least) + " to " +
                                  std::to_string(most));
  return std::nullopt;
}

std::string identity(const std::string& value) {
  return value;
}
std::string identity(const net::DomainPattern& value) {
  return value.to_string();
}
std::string identity(const net::AddressRange& value) {
  return value.first().to_string() + "-" + value.last().to_string();
}
std::string identity(const net::Endpoint& value) {
  return value.to_string();
}
std::string identity(const model::SmartHost& value) {
  return configured_text(value);
}
std::string identity(const model::Fingerprint& value) {
  return to_string(value);
}

void report_repetitions(Reader& reader, const std::vector<std::pair<std::string, const toml::node*>>& identities) {
  std::unordered_map<std::string_view, const toml::node*> first;
  for (const auto& [text, node] : identities) {
    const auto [other, is_first] = first.emplace(text, node);
    if (is_first) continue;
    const auto where = reader.at(other->second->source());
    reader.warning(node->source(), in_quotes(node->value_or(std::string_view())) +
                                       " stands in the list already, in line " + std::to_string(where.line) +
                                       "; leave one of them out");
  }
}

}  // namespace connectord::config
