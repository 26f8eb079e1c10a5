#include "browser_guard.h"

#include <algorithm>
#include <string_view>

#include "connectord/base/ascii_case.h"
#include "connectord/net/ip_address.h"
#include "console.h"
#include "problem.h"

namespace connectord::api {
namespace {

// Nobody can have a name of theirs lead to us as an address, or as localhost (RFC 6761, 6.3).
bool is_ours(std::string_view host, const std::vector<std::string>& hosts) {
  const std::string name = base::to_lower(without_port(host));
  if (name == "localhost" || name.ends_with(".localhost") || net::IpAddress::parse(name)) return true;
  return std::any_of(hosts.begin(), hosts.end(),
                     [&name](const std::string& one) { return base::equals_ignoring_case(one, name); });
}

bool is_same_origin(const Request& request) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!request.origin.starts_with(scheme)) continue;
    return base::equals_ignoring_case(std::string_view(request.origin).substr(scheme.size()), request.host);
  }
  return false;
}

bool is_of_session(const Target& target) {
  return target.segments.size() >= 2 && target.segments[0] == "api" && target.segments[1].starts_with("session");
}

// A link in a mail leads there, from whichever page shows the mail.
bool is_of_approval(const Target& target) {
  return target.segments.size() == 2 && target.segments[0] == "approval";
}

// A link from elsewhere may open the page, which does nothing by itself.
bool is_of_other_site(const Request& request, bool opens_page) {
  if (!request.origin.empty() && !is_same_origin(request)) return true;
  const std::string& site = request.fetch_site;
  return !site.empty() && site != "same-origin" && site != "none" && !opens_page;
}

}  // namespace

std::string_view without_port(std::string_view host) {
  const auto bracket = host.starts_with('[') ? std::min(host.find(']'), host.size()) : 0;
  return host.substr(0, host.find(':', bracket));
}

bool is_of_browser(const Request& request) {
  return !request.origin.empty() || !request.fetch_site.empty();
}

std::optional<Response> refuse_foreign(const Request& request, const Target& target,
                                       const std::vector<std::string>& hosts) {
  const bool is_page = is_console_path(target);
  if (!is_of_browser(request) && !is_page && !is_of_session(target)) return std::nullopt;
  if (!request.host.empty() && !is_ours(request.host, hosts)) {
    return problem(403,
                   "connectord is not reached by the name \"" + std::string(without_port(request.host)) +
                       "\"; write localhost, an address, or a name that authserv_id or console_hosts in [server] has");
  }
  const bool is_opened_by_link = (is_page && target.segments.empty()) || is_of_approval(target);
  const bool opens_page = is_opened_by_link && request.method == "GET";
  if (is_of_other_site(request, opens_page)) return problem(403, "another site had the browser ask this");
  return std::nullopt;
}

}  // namespace connectord::api
