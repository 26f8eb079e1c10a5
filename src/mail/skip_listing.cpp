#include "connectord/mail/skip_listing.h"

#include <algorithm>

#include "connectord/net/special_addresses.h"
#include "received.h"

namespace connectord::mail {
namespace {

using net::IpAddress;

bool is_inside(const IpAddress& address) {
  return !net::special_purpose(address).empty();
}

class Search {
 public:
  Search(const ConnectingClient& client, const SkipRules& rules) : rules_(rules) {
    found_.address = client.address;
    found_.helo = client.helo;
    found_.client_name = client.name;
  }

  OriginalClient run(const std::vector<std::string_view>& received) {
    if (!look_at_connection()) return std::move(found_);
    for (std::size_t i = 0; i < received.size(); ++i) {
      if (i == max_received_fields) return stop("more than 64 Received fields");
      if (!look_at_field(received[i], i + 1)) return std::move(found_);
    }
    found_.complete = true;
    return stop("no further Received field");
  }

 private:
  // False where the search is over.
  bool look_at_connection() {
    HopVerdict verdict = verdict_on(found_.address);
    if (verdict != HopVerdict::skipped_listed) {
      // A private address alone is no reason to believe a client: any machine inside could choose who it is.
      verdict = rules_.skip_last ? HopVerdict::skipped_last : HopVerdict::taken;
    }
    found_.trail.push_back({0, found_.address, verdict, ""});
    return go_on(verdict);
  }

  bool look_at_field(std::string_view value, std::size_t header) {
    const auto received = parse_received(value);
    if (!received) return end_at(header, received.error());
    if (!received->has_from) {
      found_.trail.push_back({header, std::nullopt, HopVerdict::skipped_internal, ""});
      return true;
    }
    if (!received->client_address) return end_at(header, received->address_problem);
    return look_at_client(*received, header);
  }

  bool look_at_client(const Received& received, std::size_t header) {
    const IpAddress& address = *received.client_address;
    const HopVerdict verdict = verdict_on(address);
    found_.trail.push_back({header, address, verdict, ""});
    // Addresses that are not of the public network say nothing outside their own, so they never become the original
    // client.
    if (verdict == HopVerdict::skipped_private) return true;
    found_.address = address;
    found_.helo = received.helo;
    found_.client_name = received.client_name;
    found_.header = header;
    return go_on(verdict);
  }

  bool go_on(HopVerdict verdict) {
    found_.complete = verdict == HopVerdict::taken;
    return !found_.complete;
  }

  HopVerdict verdict_on(const IpAddress& address) const {
    if (rules_.skip_networks.contains(address)) return HopVerdict::skipped_listed;
    return is_inside(address) ? HopVerdict::skipped_private : HopVerdict::taken;
  }

  bool end_at(std::size_t header, const std::string& problem) {
    found_.trail.push_back({header, std::nullopt, HopVerdict::unreadable, problem});
    found_.stopped = "Received " + std::to_string(header) + " cannot be used: " + problem;
    return false;
  }

  OriginalClient stop(std::string_view reason) {
    found_.stopped = reason;
    return std::move(found_);
  }

  const SkipRules& rules_;
  OriginalClient found_;
};

}  // namespace

OriginalClient find_original_client(const ConnectingClient& client, const std::vector<std::string_view>& received,
                                    const SkipRules& rules) {
  return Search(client, rules).run(received);
}

std::optional<IpAddress> origin_of(const OriginalClient& client) {
  if (!client.complete) return std::nullopt;
  // What a host handed on to itself is no machine of its own.
  const auto first = std::find_if(client.trail.rbegin(), client.trail.rend(), [](const Hop& hop) {
    const bool within_host = hop.header > 0 && hop.address && hop.address->is_loopback();
    return hop.verdict != HopVerdict::skipped_internal && !within_host;
  });
  if (first == client.trail.rend()) return std::nullopt;
  const bool is_origin = first->verdict == HopVerdict::taken || first->verdict == HopVerdict::skipped_private;
  return is_origin ? first->address : std::nullopt;
}

std::string_view to_string(HopVerdict verdict) {
  switch (verdict) {
    case HopVerdict::taken:
      return "taken";
    case HopVerdict::skipped_last:
      return "skipped as the last hop";
    case HopVerdict::skipped_listed:
      return "skipped, listed";
    case HopVerdict::skipped_private:
      return "skipped, private";
    case HopVerdict::skipped_internal:
      return "skipped, handed on inside a host";
    case HopVerdict::unreadable:
      return "not readable";
  }
  return "";
}

std::string to_string(const Hop& hop) {
  std::string text = hop.header == 0 ? "connection" : "Received " + std::to_string(hop.header);
  text += ": ";
  if (hop.address) text += hop.address->to_string() + " ";
  text += to_string(hop.verdict);
  if (!hop.problem.empty()) text += " (" + hop.problem + ")";
  return text;
}

}  // namespace connectord::mail
