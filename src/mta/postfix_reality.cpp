#include "connectord/mta/postfix_reality.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "connectord/mta/files.h"
#include "connectord/net/listener.h"
#include "connectord/tls/certificate.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

constexpr std::string_view scheme = "socketmap:";

// "unix:connectord/socketmap.sock" and "inet:127.0.0.1:10002" of socketmap_table(5)'s "socketmap:…:name". A path may be
// relative to the queue directory.
std::optional<net::Endpoint> server_of(std::string_view word, const std::string& queue_directory) {
  word.remove_prefix(scheme.size());
  const std::size_t colon = word.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string server(word.substr(0, colon));
  constexpr std::string_view local = "unix:";
  if (server.starts_with(local) && server.size() > local.size() && server[local.size()] != '/') {
    server = std::string(local) + queue_directory + "/" + server.substr(local.size());
  }
  const auto endpoint = net::Endpoint::parse(server);
  return endpoint ? std::optional(*endpoint) : std::nullopt;
}

std::string without_tables_of(const PostfixSetup& setup, const std::string& parameter, const net::Endpoint& server) {
  std::string rest;
  for (const ListWord& word : list_words(setup.value(parameter))) {
    if (word.text.starts_with(scheme) && server_of(word.text, setup.queue_directory) == server) continue;
    rest += (rest.empty() ? "" : ", ") + std::string(word.text);
  }
  return rest;
}

Advice unserved(const PostfixSetup& setup, const MtaRequirements& required, const net::Endpoint& server,
                const std::vector<std::string>& parameters) {
  std::string names;
  std::string commands;
  for (const std::string& parameter : parameters) {
    names += (names.empty() ? "" : ", ") + parameter;
    commands += postconf_line(setup, parameter + " = " + without_tables_of(setup, parameter, server)) + "\n";
  }
  const bool is_to_come = required.outbound && !required.socketmap;
  std::string write = "take it out:\n" + commands;
  if (is_to_come) {
    write = "in [server] of " + required.file + ": socketmap = \"" + server.to_string() +
            "\"\nthen: systemctl restart connectord\nor " + write;
  }
  return {names + (parameters.size() == 1 ? " asks" : " ask") + " the socketmap " + server.to_string() +
              ", and nobody answers there",
          std::move(write),
          "Postfix defers what it cannot look up: with transport_maps, 451 4.3.0 for every recipient"};
}

// Empty where it can be used.
std::string flaw_of(const std::string& file, bool has_certificates) {
  const auto text = read_file(file);
  if (!text) return text.error();
  if (!has_certificates) return {};
  const auto certificates = tls::read_pem(*text);
  if (!certificates) return certificates.error();
  return certificates->empty() ? "it has no certificate" : "";
}

struct TlsFile {
  const char* parameter;
  bool has_certificates;
  bool is_of_server;
};

// postconf(5). Where one of these cannot be loaded, tls_server_init() and tls_client_init() disable TLS as a whole.
constexpr TlsFile tls_files[] = {
    {"smtpd_tls_CAfile", true, true},      {"smtpd_tls_cert_file", true, true},   {"smtpd_tls_key_file", false, true},
    {"smtpd_tls_eccert_file", true, true}, {"smtpd_tls_eckey_file", false, true}, {"smtp_tls_CAfile", true, false},
    {"smtp_tls_cert_file", true, false},   {"smtp_tls_key_file", false, false},
};

}  // namespace

std::vector<Advice> unserved_socketmaps(const PostfixSetup& setup, const MtaRequirements& required) {
  std::map<std::string, std::pair<net::Endpoint, std::vector<std::string>>> asked;  // by the server
  for (const auto& [parameter, written] : setup.written) {
    const std::string& value = setup.effective(parameter);
    for (const ListWord& word : list_words(value)) {
      if (!word.text.starts_with(scheme)) continue;
      const auto server = server_of(word.text, setup.queue_directory);
      // Whether connectord answers at its own listener is looked at more closely elsewhere.
      if (!server || server == required.socketmap || net::knock(*server)) continue;
      auto& parameters =
          asked.emplace(server->to_string(), std::pair(*server, std::vector<std::string>())).first->second;
      if (std::count(parameters.second.begin(), parameters.second.end(), parameter) == 0)
        parameters.second.push_back(parameter);
    }
  }
  std::vector<Advice> found;
  for (const auto& [name, one] : asked) found.push_back(unserved(setup, required, one.first, one.second));
  return found;
}

std::vector<Advice> unusable_tls_files(const PostfixSetup& setup) {
  std::vector<Advice> found;
  for (const PostfixService& service : setup.services) {
    const auto chain = service.overrides.find("smtp_tls_chain_files");
    if (service.program != "smtp" || chain == service.overrides.end()) continue;
    for (const ListWord& word : list_words(chain->second)) {
      const std::string file(word.text);
      const std::string flaw = flaw_of(file, false);
      if (flaw.empty()) continue;
      found.push_back({"smtp_tls_chain_files of the service " + service.name + ", " + file + " cannot be used: " + flaw,
                       "put the file there, then: postfix -c " + setup.folder + " reload",
                       "mail that leaves by this service goes without TLS, and waits where TLS is required, as long as "
                       "Postfix cannot read this file"});
    }
  }
  for (const TlsFile& one : tls_files) {
    const std::string& file = setup.effective(one.parameter);
    const bool is_file = file.starts_with('/');
    const std::string flaw = is_file ? flaw_of(file, one.has_certificates) : "";
    if (flaw.empty()) continue;
    const std::string effect =
        one.is_of_server ? "as long as Postfix cannot read this file, it answers each STARTTLS 454 4.7.0 TLS not "
                           "available, and says why in its log alone"
                         : "Postfix sends without TLS, and defers what requires it, as long as it cannot "
                           "read this file";
    found.push_back({std::string(one.parameter) + " = " + file + " cannot be used: " + flaw,
                     "put the file there, then: postfix -c " + setup.folder +
                         " reload\nor take it out: " + postconf_line(setup, std::string(one.parameter) + " ="),
                     effect});
  }
  return found;
}

}  // namespace connectord::mta
