#include "document.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/config/fleet_keys.h"
#include "split_connectors.h"
#include "syntax_advice.h"
#include "tables.h"

namespace connectord::config {
namespace {

constexpr std::size_t max_dots_in_a_line = 500;

bool is_connectors_table(std::string_view name) {
  return name == "inbound" || name == "outbound";
}

bool may_be_included(std::string_view name) {
  return is_connectors_table(name) || name == "rule";
}

// Errors of an included document's other tables; takes them out.
void refuse_settings(Reader& reader, toml::table& document) {
  std::vector<std::string> names;
  for (const auto& [key, node] : document) {
    if (may_be_included(key.str()) || table_for<model::Configuration>().find(key.str()) == nullptr) continue;
    const auto* server = node.as_table();
    const Reader::Scope scope(reader, key.str());
    if (key.str() == "server" && server != nullptr && server->contains("include")) {
      const Reader::Scope include(reader, "include");
      reader.error(server->get("include")->source(),
                   "an included file can't include others; name them all in the main file's server.include");
    } else {
      reader.error(node.source(), "an included file can hold [[inbound]], [[outbound]] and [[rule]] only; write [" +
                                      std::string(key.str()) + "] in the main file");
    }
    names.emplace_back(key.str());
  }
  for (const std::string& name : names) document.erase(name);
}

bool is_known(std::string_view table) {
  return table_for<model::Configuration>().find(table) != nullptr;
}

// Errors of what a document of the fleet has that is each host's own; takes it out.
void refuse_hosts_own(Reader& reader, toml::table& document) {
  std::vector<std::string> tables;
  for (auto&& [key, node] : document) {
    const std::string table(key.str());
    if (!is_known(table)) continue;
    const Reader::Scope scope(reader, key.str());
    if (owner_of(table).whose == Whose::host) {
      reader.error(node.source(), "this is each host's own, and no part of what the fleet has in common: " +
                                      std::string(owner_of(table).why) + "; write [" + table +
                                      "] in connectord.toml of the hosts");
      tables.push_back(table);
      continue;
    }
    auto* inner = node.as_table();
    if (inner == nullptr) continue;
    std::vector<std::string> keys;
    for (const auto& [name, value] : *inner) {
      const KeyOwner& owner = owner_of(table + "." + std::string(name.str()));
      if (owner.whose == Whose::fleet) continue;
      const Reader::Scope of_key(reader, name.str());
      reader.error(value.source(), "this is each host's own, and no part of what the fleet has in common: " +
                                       std::string(owner.why) + "; write it in connectord.toml of the hosts");
      keys.emplace_back(name.str());
    }
    for (const std::string& name : keys) inner->erase(name);
  }
  for (const std::string& table : tables) document.erase(table);
}

// The keys of tables that are there once; lists of tables add up, whoever has them.
template <class See>
void each_key(const toml::table& document, See see) {
  for (const auto& [table, node] : document) {
    const auto* inner = node.as_table();
    if (inner == nullptr || !is_known(table.str())) continue;
    for (const auto& [name, value] : *inner) {
      see(std::string(table.str()) + "." + std::string(name.str()), value.source());
    }
  }
}

void note_places(const Reader& reader, const toml::table& document, KeyPlaces& places) {
  each_key(document, [&](const std::string& key, const toml::source_region& where) { places[key] = reader.at(where); });
}

// One of the two would count, and somebody would edit the other.
void refuse_doubles(Reader& reader, const toml::table& document, const KeyPlaces& places) {
  each_key(document, [&](const std::string& key, const toml::source_region& where) {
    const auto other = places.find(key);
    if (other == places.end()) return;
    const std::string_view whole = other->first;
    const Reader::Scope table(reader, whole.substr(0, whole.find('.')));
    const Reader::Scope scope(reader, whole.substr(whole.find('.') + 1));
    reader.error(where, "stands here, in what the fleet has in common, and at " + to_string(other->second) +
                            " on this host; take it out of one of them");
  });
}

void read_tree(Reader& reader, toml::table& document, KeyPlaces& places, model::Configuration& configuration) {
  switch (reader.kind()) {
    case DocumentKind::main:
      note_places(reader, document, places);
      break;
    case DocumentKind::included:
      refuse_settings(reader, document);
      break;
    case DocumentKind::fleet:
      refuse_hosts_own(reader, document);
      refuse_doubles(reader, document, places);
      break;
  }
  read_table(reader, document, table_for<model::Configuration>(), &configuration);
}

std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return text;
}

// The parser's own words. It may quote what stands in the file.
std::string syntax_message(const toml::parse_error& error) {
  std::string message = printable(std::string(error.description()));
  if (!message.empty()) message.front() = base::to_lower(message.front());
  return "this is not TOML: " + message;
}

void read_whole(Reader& reader, std::string_view text, KeyPlaces& places, model::Configuration& configuration) {
  reader.begin_at(1);
  try {
    toml::table document = toml::parse(text);
    read_tree(reader, document, places, configuration);
  } catch (const toml::parse_error& error) {
    if (const auto advice = advise_on_syntax(text, error.source().begin.line)) {
      const toml::source_position place{advice->line, advice->column};
      return reader.error({place, place, {}}, "this is not TOML: " + printable(advice->message));
    }
    reader.error(error.source(), syntax_message(error));
  }
}

bool holds_no_connector(const toml::table& rest) {
  return !rest.contains("inbound") && !rest.contains("outbound");
}

bool holds_one_connector(const toml::table& piece) {
  if (piece.size() != 1 || !is_connectors_table(piece.cbegin()->first.str())) return false;
  const auto* list = piece.cbegin()->second.as_array();
  return list != nullptr && list->size() == 1;
}

// Exact for one large file, and by doubling for many small ones.
template <class T>
void make_room(std::vector<T>& values, std::size_t more) {
  const std::size_t needed = values.size() + more;
  if (needed > values.capacity()) values.reserve(std::max(needed, 2 * values.size()));
}

std::size_t count_outbound(const SplitDocument& split) {
  return static_cast<std::size_t>(std::count_if(
      split.connectors.begin(), split.connectors.end(),
      [](const SplitDocument::Piece& piece) { return piece.text.find("outbound") < piece.text.find(']'); }));
}

// False if the pieces don't keep their promise (split_connectors.h); then nothing is to be believed of what was read.
bool read_pieces(Reader& reader, const SplitDocument& split, KeyPlaces& places, model::Configuration& configuration) {
  try {
    toml::table rest = toml::parse(split.rest);
    if (!holds_no_connector(rest)) return false;
    read_tree(reader, rest, places, configuration);
    const std::size_t outbound = count_outbound(split);
    make_room(configuration.outbound, outbound);
    make_room(configuration.inbound, split.connectors.size() - outbound);
    for (const SplitDocument::Piece& piece : split.connectors) {
      toml::table connector = toml::parse(piece.text);
      if (!holds_one_connector(connector)) return false;
      reader.begin_at(piece.line);
      read_tree(reader, connector, places, configuration);
    }
    return true;
  } catch (const toml::parse_error&) {
    return false;
  }
}

// Deeply dotted keys would exhaust the parser's stack.
bool refuse_dots(Reader& reader, std::string_view text) {
  const auto line = line_with_too_many_dots(text, max_dots_in_a_line);
  if (!line) return false;
  reader.begin_at(*line);
  reader.error({{1, 1}, {1, 1}, {}}, "this line has more than " + std::to_string(max_dots_in_a_line) +
                                         " dots outside of strings; no key of a configuration has as many parts");
  return true;
}

}  // namespace

std::vector<model::Location> read_document(std::string_view text, const std::shared_ptr<const std::string>& file,
                                           DocumentKind kind, KeyPlaces& places, model::Configuration& configuration,
                                           Problems& problems) {
  Reader reader(problems, file, kind);
  if (refuse_dots(reader, text)) return {};
  const Problems::Mark mark = problems.mark();
  const std::size_t inbound = configuration.inbound.size();
  const std::size_t outbound = configuration.outbound.size();
  const std::size_t signatures = configuration.signing.size();
  const std::size_t rules = configuration.rules.size();
  if (const auto pieces = split_connectors(text); pieces && read_pieces(reader, *pieces, places, configuration)) {
    return reader.take_includes();
  }
  problems.return_to(mark);
  reader.take_includes();
  configuration.inbound.resize(inbound);
  configuration.outbound.resize(outbound);
  configuration.signing.resize(signatures);
  configuration.rules.resize(rules);
  read_whole(reader, text, places, configuration);
  return reader.take_includes();
}

}  // namespace connectord::config
