#pragma once

#include <functional>
#include <map>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/config/imported.h"
#include "connectord/mta/postfix_setup.h"

// Connectors of what a site has pieced together in Postfix: routes, TLS policies, passwords, tables of clients. Pure.
namespace connectord::mta {

struct PostfixImportOptions {
  std::vector<std::string> accepted_domains;  // our own, as the configuration has them
  std::string secrets;                        // the folder of the files with passwords, which are not made here
};

struct PostfixImport {
  // Each connector with the entries of tables and the parameters that it comes of; at the end what has become no
  // connector. Names are unique. One of whose entries some are by hand is disabled until then.
  std::vector<config::ImportedConnector> connectors;
  std::map<std::string, std::string> passwords;  // "user:password", by the file that route.credentials names
};

// `read` has the source of a table by its path, or says what keeps it from being read. No password is in what comes of
// it, but for `passwords`.
using ReadTableSource = std::function<tl::expected<std::string, std::string>(const std::string& path)>;
PostfixImport import_postfix(const PostfixSetup& setup, const ReadTableSource& read,
                             const PostfixImportOptions& options);

}  // namespace connectord::mta
