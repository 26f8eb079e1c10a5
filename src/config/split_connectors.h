#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace connectord::config {

// A document of 100,000 connectors is too much for one TOML tree (some 4 KiB a connector), so it is read in pieces,
// each one connector. A piece begins where a line begins with [[inbound]] or [[outbound]] outside of strings, arrays
// and comments, and holds no header of another table. What belongs to no connector is the rest.
//
// Why the pieces say together what the document says: if every piece is valid TOML by itself, a parser of the
// document comes to each boundary between two statements, so it reads the same statements; and those of one
// connector touch no other table. Whoever reads the pieces checks those premises (every piece valid, with one connector
// as its only contents, and none in the rest) and falls back on the document as a whole where they don't hold.
struct SplitDocument {
  struct Piece {
    std::string_view text;
    std::uint32_t line = 1;  // of the document, where the piece begins
  };

  std::vector<Piece> connectors;
  std::string rest;  // with empty lines for the connectors, so that lines count as in the document
};

// std::nullopt where the document must be read as a whole. The pieces refer to `text`.
std::optional<SplitDocument> split_connectors(std::string_view text);

// The same with a piece for each [[rule]] too, for whoever changes one.
std::optional<SplitDocument> split_entries(std::string_view text);

// The line that has more than `limit` dots outside of strings and comments. TOML's parsers recurse once for each part
// of a dotted key, so that one long line could exhaust the stack.
std::optional<std::uint32_t> line_with_too_many_dots(std::string_view text, std::size_t limit);

}  // namespace connectord::config
