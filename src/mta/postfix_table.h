#pragma once

#include <string>
#include <string_view>
#include <vector>

// What a lookup table of Postfix is made of: the source of postmap(1), and what main.cf has of it in place. Pure.
namespace connectord::mta {

struct TableEntry {
  std::string key;  // in lower case, as postmap(1) keeps it
  std::string value;
  bool operator==(const TableEntry&) const = default;
};

// The source of a table: "key value" lines, which go on behind white space; comments and empty lines do not count, and
// end no line. A key may stand in quotes. A line without a value is no entry, and of several with one key the first
// counts, as postmap(1) has it.
std::vector<TableEntry> read_table_source(std::string_view text);

// The source of a table of networks (cidr_table(5)), in which the first that matches counts and none is a key.
std::vector<TableEntry> read_cidr_source(std::string_view text);

// "{ key = value, { key = value with spaces } }" of inline:.
std::vector<TableEntry> read_inline_table(std::string_view text);

// A word of main.cf that names a table: "proxy:hash:/etc/postfix/transport" is the type "hash" and the name behind it.
struct TableName {
  std::string type;  // empty where the word names none
  std::string name;
};
TableName read_table_name(std::string_view word);

}  // namespace connectord::mta
