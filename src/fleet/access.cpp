#include "access.h"

#include "connectord/config/secret_file.h"

namespace connectord::fleet {
namespace {

// One line, which may have its end.
tl::expected<std::string, std::string> read_password(const std::string& path, const std::string& server_user) {
  const auto reader = config::reader_of_secrets(server_user);
  if (!reader) return tl::unexpected(reader.error());
  auto text = config::read_secret_file(path, *reader);
  if (!text) return tl::unexpected("fleet.password_file: \"" + path + "\": " + text.error());
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  if (text->empty() || text->find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos) {
    return tl::unexpected("fleet.password_file: \"" + path + "\": the file must be one line, the password");
  }
  return text;
}

}  // namespace

std::string host_name_in_fleet(const model::Configuration& configuration) {
  return configuration.fleet->name.empty() ? configuration.server.host_name : configuration.fleet->name;
}

tl::expected<postgres::Access, std::string> access_of(const model::Configuration& configuration, Need need,
                                                      std::stop_token stop) {
  const model::Fleet& fleet = *configuration.fleet;
  postgres::Access access;
  access.read_only = need == Need::read;
  access.uri = access.read_only && !fleet.read_from.empty() ? fleet.read_from : fleet.database;
  access.application = "connectord " + host_name_in_fleet(configuration);
  access.stop = std::move(stop);
  if (fleet.password_file.empty()) return access;
  auto password = read_password(fleet.password_file, configuration.server.user);
  if (!password) return tl::unexpected(password.error());
  access.password = std::move(*password);
  return access;
}

postgres::Result<postgres::Connection> open_database(const postgres::Access& access, Need need) {
  auto connection = postgres::Connection::connect(access);
  if (!connection) return connection;
  if (auto checked = check_schema(*connection, need); !checked) return tl::unexpected(checked.error());
  return connection;
}

}  // namespace connectord::fleet
