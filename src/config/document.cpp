#include "document.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/config/outline.h"
#include "tables.h"

namespace connectord::config {
namespace {

constexpr std::size_t max_dots_in_a_line = 500;

bool is_connectors_table(std::string_view name) {
  return name == "inbound" || name == "outbound";
}

// Errors of an included document's other tables; takes them out.
void refuse_settings(Reader& reader, toml::table& document) {
  std::vector<std::string> names;
  for (const auto& [key, node] : document) {
    if (is_connectors_table(key.str()) || table_for<model::Configuration>().find(key.str()) == nullptr) continue;
    const auto* server = node.as_table();
    const Reader::Scope scope(reader, key.str());
    if (key.str() == "server" && server != nullptr && server->contains("include")) {
      const Reader::Scope include(reader, "include");
      reader.error(server->get("include")->source(),
                   "an included file can't include others; name them all in the main file's server.include");
    } else {
      reader.error(node.source(), "an included file can hold [[inbound]] and [[outbound]] only; write [" +
                                      std::string(key.str()) + "] in the main file");
    }
    names.emplace_back(key.str());
  }
  for (const std::string& name : names) document.erase(name);
}

void read_tree(Reader& reader, toml::table& document, model::Configuration& configuration) {
  if (reader.included()) refuse_settings(reader, document);
  read_table(reader, document, table_for<model::Configuration>(), &configuration);
}

// The parser's own words. It may quote what stands in the file.
std::string syntax_message(const toml::parse_error& error) {
  std::string message(error.description());
  std::replace_if(
      message.begin(), message.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  if (!message.empty()) message.front() = base::to_lower(message.front());
  return "this is not TOML: " + message;
}

void read_whole(Reader& reader, std::string_view text, model::Configuration& configuration) {
  reader.begin_at(1);
  try {
    toml::table document = toml::parse(text);
    read_tree(reader, document, configuration);
  } catch (const toml::parse_error& error) {
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

std::size_t count_outbound(const Outline& outline) {
  return static_cast<std::size_t>(
      std::count_if(outline.connectors.begin(), outline.connectors.end(),
                    [](const Outline::Piece& piece) { return piece.text.find("outbound") < piece.text.find(']'); }));
}

// False if the pieces don't keep their promise (outline.h); then nothing is to be believed of what was read.
bool read_pieces(Reader& reader, const Outline& outline, model::Configuration& configuration) {
  try {
    toml::table rest = toml::parse(outline.rest);
    if (!holds_no_connector(rest)) return false;
    read_tree(reader, rest, configuration);
    const std::size_t outbound = count_outbound(outline);
    make_room(configuration.outbound, outbound);
    make_room(configuration.inbound, outline.connectors.size() - outbound);
    for (const Outline::Piece& piece : outline.connectors) {
      toml::table connector = toml::parse(piece.text);
      if (!holds_one_connector(connector)) return false;
      reader.begin_at(piece.line);
      read_tree(reader, connector, configuration);
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
                                           bool included, model::Configuration& configuration, Problems& problems) {
  Reader reader(problems, file, included);
  if (refuse_dots(reader, text)) return {};
  const Problems::Mark mark = problems.mark();
  const std::size_t inbound = configuration.inbound.size();
  const std::size_t outbound = configuration.outbound.size();
  const std::size_t signatures = configuration.signing.size();
  if (const auto pieces = outline(text); pieces && read_pieces(reader, *pieces, configuration)) {
    return reader.take_includes();
  }
  problems.return_to(mark);
  reader.take_includes();
  configuration.inbound.resize(inbound);
  configuration.outbound.resize(outbound);
  configuration.signing.resize(signatures);
  read_whole(reader, text, configuration);
  return reader.take_includes();
}

}  // namespace connectord::config
