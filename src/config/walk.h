#pragma once

#include <string>
#include <vector>

#include "schema.h"

namespace connectord::config {

// A table and where it stands in a document.
struct TablePlace {
  std::string path;  // dotted; empty for the document itself
  const Key* key;    // that declares the table; nullptr for the document itself
  const Table* table;

  // "[server]", "[[inbound]]", "[inbound.identify]".
  std::string header() const;
};

// Every table, each before those within it, in the order of the declarations.
const std::vector<TablePlace>& all_tables();

}  // namespace connectord::config
