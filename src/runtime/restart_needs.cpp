#include "restart_needs.h"

namespace connectord::runtime {

std::vector<std::string> waiting_for_restart(const model::Configuration& started, const model::Configuration& loaded) {
  std::vector<std::string> keys;
  const auto look = [&keys](const char* key, const auto& before, const auto& after) {
    if (!(before == after)) keys.emplace_back(key);
  };
  const model::Server& a = started.server;
  const model::Server& b = loaded.server;
  look("server.milter", a.milter, b.milter);
  look("server.policy", a.policy, b.policy);
  look("server.socketmap", a.socketmap, b.socketmap);
  look("server.api", a.api, b.api);
  look("server.api_tokens", a.api_tokens, b.api_tokens);
  look("server.api_url", a.api_url, b.api_url);
  look("server.api_certificate", a.api_certificate, b.api_certificate);
  look("server.api_key", a.api_key, b.api_key);
  look("server.audit_log", a.audit_log, b.audit_log);
  look("server.mail_key", a.mail_key, b.mail_key);
  look("server.history", a.history, b.history);
  look("server.held_socket", a.held_socket, b.held_socket);
  look("server.user", a.user, b.user);
  look("server.socket_group", a.socket_group, b.socket_group);
  look("server.socket_mode", a.socket_mode, b.socket_mode);
  look("server.stop_limit", a.stop_limit, b.stop_limit);
  look("log.target", started.log.target, loaded.log.target);
  look("log.format", started.log.format, loaded.log.format);
  look("delivery.state", started.delivery.state, loaded.delivery.state);
  const model::Trace none;
  look("trace.store", started.trace.value_or(none).store, loaded.trace.value_or(none).store);
  look("trace.mail_log", started.trace.value_or(none).mail_log, loaded.trace.value_or(none).mail_log);
  const model::Fleet alone;
  const model::Fleet& from = started.fleet ? *started.fleet : alone;
  const model::Fleet& to = loaded.fleet ? *loaded.fleet : alone;
  look("fleet.database", from.database, to.database);
  look("fleet.read_from", from.read_from, to.read_from);
  look("fleet.password_file", from.password_file, to.password_file);
  look("fleet.name", from.name, to.name);
  look("fleet.state", from.state, to.state);
  look("fleet.spool_size", from.spool_size, to.spool_size);
  return keys;
}

}  // namespace connectord::runtime
