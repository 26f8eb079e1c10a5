// What a client of the socketmap sends: requests one after the other, and whatever else.
#include <cstdlib>
#include <memory>
#include <string>

#include "socketmap/maps.h"
#include "socketmap/request.h"

namespace {

using namespace connectord;

constexpr std::size_t longest = 4096;

void require(bool holds) {
  if (!holds) std::abort();
}

model::OutboundConnector connector(const std::string& name, const std::string& domain, const std::string& host) {
  model::OutboundConnector made;
  made.name = name;
  made.recipient_domains = {net::DomainPattern::parse(domain).value()};
  if (!host.empty()) made.route.smart_hosts = {{host, false, 25}};
  made.tls.emplace().level = model::TlsLevel::require;
  return made;
}

runtime::Generation make_generation() {
  model::Configuration configuration;
  configuration.outbound = {connector("contoso-out", "*.contoso.com", "mx1.contoso.com"), connector("mx", "*", "")};
  configuration.outbound.front().route.credentials = "/secret";
  runtime::Generation generation;
  generation.policy = std::make_shared<const engine::Policy>(std::move(configuration));
  generation.secrets.credentials =
      std::make_shared<runtime::Credentials>(runtime::Credentials{{"contoso-out", "user:pass"}});
  return generation;
}

// An answer is one netstring again, and only one map ever has a password; what the client wrote itself may come back.
void ask(std::string_view content) {
  static const runtime::Generation generation = make_generation();
  const auto request = socketmap::parse_request(content);
  if (!request) return;
  require(request->map.size() + request->key.size() + 1 == content.size());
  const socketmap::Answer answer = socketmap::look_up(generation, request->map, request->key);
  const std::string text = to_string(answer);
  const auto netstring = socketmap::read_netstring(socketmap::to_netstring(text), text.size());
  require(netstring && *netstring && (*netstring)->size > text.size());
  const bool tells = answer.text.find("user:pass") != std::string::npos;
  require(!tells || request->map == "sasl-password" || content.find("user:pass") != std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (;;) {
    const auto netstring = connectord::socketmap::read_netstring(bytes, longest);
    if (!netstring || !*netstring) return 0;
    const std::string_view content = (*netstring)->content;
    require(content.size() <= longest && (*netstring)->size <= bytes.size());
    // There is one way to write it, and a part of it is nothing else.
    require(connectord::socketmap::to_netstring(content) == bytes.substr(0, (*netstring)->size));
    const auto part = connectord::socketmap::read_netstring(bytes.substr(0, (*netstring)->size - 1), longest);
    require(part && !*part);
    ask(content);
    bytes.remove_prefix((*netstring)->size);
  }
}
