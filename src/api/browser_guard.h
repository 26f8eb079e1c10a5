#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/api/message.h"
#include "target.h"

// What a browser may not be made to do by pages of others: a page of another origin that asks (the fields Origin and
// Sec-Fetch-Site), and a name of somebody else's that leads here (Host; DNS rebinding). Pure.
namespace connectord::api {

// "mx.example.net" of "mx.example.net:8025", "[::1]" of "[::1]:8025".
std::string_view without_port(std::string_view host);

// Programs send neither of the two fields.
bool is_of_browser(const Request& request);

// 403 for what another site had the browser ask, or for a name that is none of ours: one of `hosts`, an address, or
// localhost. Programs may call the API by any name, since they show a token that no browser would.
std::optional<Response> refuse_foreign(const Request& request, const Target& target,
                                       const std::vector<std::string>& hosts);

}  // namespace connectord::api
