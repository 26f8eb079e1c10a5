#include "connectord/mta/postfix_import.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>

#include "connectord/base/json.h"
#include "connectord/base/text.h"
#include "import_parts.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

constexpr std::size_t max_entries = 100'000;

// Whose source is a text of its name.
constexpr std::array<std::string_view, 8> types_with_source = {"hash", "btree", "lmdb",     "cdb",
                                                               "dbm",  "sdbm",  "texthash", "cidr"};

ImportedTable read_table(const std::string& word, const ReadTableSource& read) {
  ImportedTable table{.word = word};
  const TableName name = read_table_name(word);
  if (name.type == "socketmap") {
    table.is_ours = name.name.find("connectord") != std::string::npos;
    if (!table.is_ours) table.obstacle = "another program answers it; write its connectors";
  } else if (name.type == "inline") {
    table.entries = read_inline_table(name.name);
  } else if (std::find(types_with_source.begin(), types_with_source.end(), name.type) == types_with_source.end()) {
    table.obstacle = "tables of this type are not read; write their connectors";
  } else if (const auto text = read(name.name); !text) {
    table.obstacle = "its source cannot be read (" + text.error() + "); postmap -s " + word + " shows its entries";
  } else {
    table.entries = name.type == "cidr" ? read_cidr_source(*text) : read_table_source(*text);
  }
  if (table.entries.size() > max_entries) {
    table.entries.clear();
    table.obstacle = "it has more than 100000 entries";
  }
  for (std::size_t i = 0; i < table.entries.size(); ++i) table.numbers.emplace(table.entries[i].key, i);
  return table;
}

// What main.cf says of TLS of clients, which `attach` and connectors look at.
void report_server_tls(const PostfixSetup& setup, Remainder& remainder) {
  constexpr std::string_view prefix = "smtpd_tls_";
  for (const auto& [name, value] : setup.written) {
    if (!name.starts_with(prefix)) continue;
    const std::string_view what = std::string_view(name).substr(prefix.size());
    const bool of_clients = what == "ask_ccert" || what == "req_ccert" || what == "CAfile" || what == "CApath" ||
                            what == "ccert_verifydepth" || what == "fingerprint_digest";
    const bool of_level = what == "security_level" || what == "mandatory_protocols" || what == "wrappermode";
    remainder.left(name, value,
                   of_clients ? "Postfix goes on asking for certificates; connectors that are identified by one need it"
                   : of_level ? "it counts for all clients; a connector asks for TLS of its own mail by require.tls"
                              : "Postfix's own");
  }
}

}  // namespace

config::ImportedProperty imported_property(std::string name, std::string_view value, config::Fate fate,
                                           std::string words) {
  const nlohmann::json text(std::string{value});
  return {std::move(name), base::json_text(text), fate, std::move(words)};
}

std::vector<const ImportedTable*> ImportedTables::of_list(std::string_view list) {
  std::vector<const ImportedTable*> found;
  // inline: may be followed by its braces after white space in no version of Postfix, so each word is a whole table.
  for (const ListWord& word : list_words(list)) {
    if (!read_table_name(word.text).type.empty()) found.push_back(&table(std::string(word.text)));
  }
  return found;
}

const ImportedTable& ImportedTables::table(const std::string& word) {
  const auto known = tables_.find(word);
  return known != tables_.end() ? known->second : tables_.emplace(word, read_table(word, read_)).first->second;
}

void Remainder::left(std::string name, std::string_view value, std::string why) {
  properties.push_back(imported_property(std::move(name), value, config::Fate::left, std::move(why)));
}

void Remainder::by_hand(std::string name, std::string_view value, std::string what) {
  properties.push_back(imported_property(std::move(name), value, config::Fate::by_hand, std::move(what)));
}

bool Remainder::is_read(const std::string& parameter, const ImportedTable& table) {
  if (table.is_ours) left(parameter, table.word, "connectord answers it");
  const bool may_be_resolver = parameter == "smtp_tls_policy_maps" && read_table_name(table.word).type == "socketmap";
  if (!table.obstacle.empty()) {
    by_hand(parameter, table.word,
            table.obstacle + (may_be_resolver ? ", or [delivery], where it answers what destinations publish" : ""));
  }
  return !table.is_ours && table.obstacle.empty();
}

PostfixImport import_postfix(const PostfixSetup& setup, const ReadTableSource& read,
                             const PostfixImportOptions& options) {
  PostfixImport made;
  ImportedTables tables(read);
  Remainder remainder;
  import_outbound(setup, tables, options, made, remainder);
  import_clients(setup, tables, made, remainder);
  report_server_tls(setup, remainder);
  if (!remainder.properties.empty()) {
    config::ImportedConnector rest;
    rest.name = "what has become no connector";
    rest.properties = std::move(remainder.properties);
    made.connectors.push_back(std::move(rest));
  }
  return made;
}

}  // namespace connectord::mta
