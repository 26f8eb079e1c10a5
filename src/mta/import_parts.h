#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectord/mta/postfix_import.h"
#include "import_policy.h"
#include "postfix_table.h"

// What the parts of an import from Postfix share.
namespace connectord::mta {

// A table that main.cf names, as far as it could be read.
struct ImportedTable {
  std::string word;  // as main.cf has it
  std::vector<TableEntry> entries{};
  std::string obstacle{};  // why it could not be read
  bool is_ours = false;    // connectord answers it

  const TableEntry* find(std::string_view key) const {
    const auto found = numbers.find(key);
    return found == numbers.end() ? nullptr : &entries[found->second];
  }
  std::map<std::string, std::size_t, std::less<>> numbers{};  // of the entries, by their keys; of several the first
};

// Reads each table once.
class ImportedTables {
 public:
  explicit ImportedTables(const ReadTableSource& read) : read_(read) {}

  // Of a list of tables, in its order; words that name none are left out.
  std::vector<const ImportedTable*> of_list(std::string_view list);
  const ImportedTable& table(const std::string& word);

 private:
  const ReadTableSource& read_;
  std::map<std::string, ImportedTable> tables_;
};

// What has become no connector.
class Remainder {
 public:
  void left(std::string name, std::string_view value, std::string why);
  void by_hand(std::string name, std::string_view value, std::string what);
  // A table that could not be read, or that is connectord's; true if there are entries to look at.
  bool is_read(const std::string& parameter, const ImportedTable& table);

  std::vector<config::ImportedProperty> properties;
};

config::ImportedProperty imported_property(std::string name, std::string_view value, config::Fate fate,
                                           std::string words);

// How outbound mail leaves: transport_maps, relayhost, what depends on the sender, TLS policies, passwords.
void import_outbound(const PostfixSetup& setup, ImportedTables& tables, const PostfixImportOptions& options,
                     PostfixImport& into, Remainder& remainder);
// Which clients are known: check_client_access, check_ccert_access, relay_clientcerts.
void import_clients(const PostfixSetup& setup, ImportedTables& tables, PostfixImport& into, Remainder& remainder);

}  // namespace connectord::mta
