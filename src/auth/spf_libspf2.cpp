// libspf2 as the second engine. The library asks DNS by itself and waits; here it is given what DNS has answered so
// far, and where that is not enough its result is thrown away and it runs again later.

extern "C" {
#include <netinet/in.h>
#include <spf2/spf.h>
#include <spf2/spf_dns.h>
#include <spf2/spf_dns_rr.h>
}

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>

#include "connectord/auth/spf.h"
#include "connectord/base/ascii_case.h"
#include "spf_macro.h"
#include "spf_query.h"
#include "spf_record.h"
#include "spf_text.h"

namespace connectord::auth {
namespace {

using model::SpfOutcome;
using model::SpfResult;

using Server = std::unique_ptr<SPF_server_t, void (*)(SPF_server_t*)>;
using Request = std::unique_ptr<SPF_request_t, void (*)(SPF_request_t*)>;
using Response = std::unique_ptr<SPF_response_t, void (*)(SPF_response_t*)>;

struct Lookups {
  dns::DnsAnswers& answers;
  bool missing = false;
  bool excessive = false;
};

// What our own parser does not take for its size, the library is not given either.
bool is_excessive(const std::string& text) {
  if (!is_spf_record(text)) return false;
  if (text.size() > max_spf_record_length) return true;
  std::size_t macros = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == ' ') macros = 0;  // counted for each term
    if (text[i] == '%' && text[i + 1] == '{' && ++macros > max_spf_macros) return true;
  }
  return false;
}

int h_errno_of(dns::Status status) {
  switch (status) {
    case dns::Status::found:
      return NETDB_SUCCESS;
    case dns::Status::nodata:
      return NO_DATA;
    case dns::Status::nxdomain:
    case dns::Status::invalid:
      return HOST_NOT_FOUND;
    case dns::Status::timeout:
    case dns::Status::error:
      break;
  }
  return TRY_AGAIN;
}

// Appends one record's data; the library wants text to end in a NUL within the buffer.
bool append(SPF_dns_rr_t& set, std::span<const char> data) {
  if (SPF_dns_rr_buf_realloc(&set, set.num_rr, data.size() + 1) != SPF_E_SUCCESS) return false;
  char* buffer = set.rr[set.num_rr]->txt;
  std::copy(data.begin(), data.end(), buffer);
  buffer[data.size()] = '\0';
  ++set.num_rr;
  return true;
}

std::span<const char> last_bytes(const net::IpAddress& address, std::size_t count) {
  const auto& bytes = address.bytes();
  return {reinterpret_cast<const char*>(bytes.data()) + bytes.size() - count, count};
}

bool append_all(SPF_dns_rr_t& set, const dns::Answer& answer, dns::Type type) {
  bool complete = true;
  const std::size_t size = type == dns::Type::a ? 4 : 16;
  for (const auto& text : answer.texts) complete = complete && append(set, text);
  for (const auto& name : answer.names) complete = complete && append(set, name);
  for (const auto& exchanger : answer.exchangers) complete = complete && append(set, exchanger.name);
  for (const auto& address : answer.addresses) complete = complete && append(set, last_bytes(address, size));
  return complete;
}

std::optional<dns::Type> type_of(ns_type type) {
  for (const auto known : {dns::Type::a, dns::Type::aaaa, dns::Type::mx, dns::Type::ptr, dns::Type::txt}) {
    if (static_cast<int>(known) == static_cast<int>(type)) return known;
  }
  return std::nullopt;  // type 99 among them, which RFC 7208 gave up (3.1)
}

std::string question_name(std::string_view domain) {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  return base::to_lower(domain);
}

// The library's question. A missing answer looks to it like a server that does not answer.
SPF_dns_rr_t* look_up(SPF_dns_server_t* server, const char* domain, ns_type type, int /*should_cache*/) {
  auto& lookups = *static_cast<Lookups*>(server->hook);
  const auto known_type = type_of(type);
  const dns::Answer* answer = known_type ? lookups.answers.ask({question_name(domain), *known_type}) : nullptr;
  if (known_type && answer == nullptr) lookups.missing = true;
  if (answer != nullptr && std::any_of(answer->texts.begin(), answer->texts.end(), is_excessive)) {
    lookups.excessive = true;
    answer = nullptr;
  }
  const int status = answer != nullptr ? h_errno_of(answer->status) : (known_type ? TRY_AGAIN : NO_DATA);
  SPF_dns_rr_t* set = SPF_dns_rr_new_init(server, domain, type, 0, status);
  if (set != nullptr && answer != nullptr && !append_all(*set, *answer, *known_type)) set->herrno = TRY_AGAIN;
  return set;
}

SpfResult result_of(SPF_result_t result) {
  switch (result) {
    case SPF_RESULT_NEUTRAL:
      return SpfResult::neutral;
    case SPF_RESULT_PASS:
      return SpfResult::pass;
    case SPF_RESULT_FAIL:
      return SpfResult::fail;
    case SPF_RESULT_SOFTFAIL:
      return SpfResult::softfail;
    case SPF_RESULT_NONE:
      return SpfResult::none;
    case SPF_RESULT_TEMPERROR:
      return SpfResult::temperror;
    case SPF_RESULT_PERMERROR:
    case SPF_RESULT_INVALID:
      break;
  }
  return SpfResult::permerror;
}

bool describe(SPF_request_t* request, const SpfQuery& query, const SpfIdentity& identity) {
  const std::string sender = identity.sender();
  // The library takes C strings.
  if (sender.find('\0') != std::string::npos || query.helo.find('\0') != std::string::npos) return false;
  SPF_errcode_t set = SPF_E_SUCCESS;
  const auto& bytes = query.client.bytes();
  if (query.client.is_v4()) {
    in_addr address{};
    std::memcpy(&address, bytes.data() + 12, sizeof address);
    set = SPF_request_set_ipv4(request, address);
  } else {
    in6_addr address{};
    std::memcpy(&address, bytes.data(), sizeof address);
    set = SPF_request_set_ipv6(request, address);
  }
  return set == SPF_E_SUCCESS && SPF_request_set_helo_dom(request, query.helo.c_str()) == SPF_E_SUCCESS &&
         SPF_request_set_env_from(request, sender.c_str()) == 0;
}

std::string first_error(SPF_response_t* response) {
  for (int i = 0; i < SPF_response_messages(response); ++i) {
    const SPF_error_t* message = SPF_response_message(response, i);
    if (message->is_error != 0 && message->message != nullptr) return printable(message->message);
  }
  return "libspf2 does not say what is wrong";
}

SpfOutcome failed(SpfOutcome outcome, std::string problem) {
  outcome.result = SpfResult::temperror;
  outcome.problem = std::move(problem);
  return outcome;
}

}  // namespace

std::optional<SpfOutcome> check_spf_with_libspf2(const SpfQuery& query, dns::DnsAnswers& answers) {
  SpfOutcome outcome;
  outcome.identity = query.identity;
  const auto identity = spf_identity(query);
  if (!identity) return outcome;
  outcome.domain = identity->domain;

  Lookups lookups{answers};
  SPF_dns_server_t source{};  // without a destructor: ours, and not the library's to free
  source.lookup = &look_up;
  source.name = "connectord";
  source.hook = &lookups;
  const Server server(SPF_server_new_dns(&source, 0), &SPF_server_free);
  if (!server) return failed(std::move(outcome), "libspf2 cannot start");
  // Otherwise the library would ask the system for this machine's name.
  SPF_server_set_rec_dom(server.get(), query.receiver.empty() ? "unknown" : query.receiver.c_str());
  const Request request(SPF_request_new(server.get()), &SPF_request_free);
  if (!request || !describe(request.get(), query, *identity)) {
    return failed(std::move(outcome), "libspf2 does not take the sender");
  }
  SPF_response_t* raw = nullptr;
  SPF_request_query_mailfrom(request.get(), &raw);
  const Response response(raw, &SPF_response_free);
  if (lookups.missing) return std::nullopt;
  if (lookups.excessive) {
    outcome.result = SpfResult::permerror;
    outcome.problem = "a record that is too long, or has a term of too many macros";
    return outcome;
  }
  if (!response) return failed(std::move(outcome), "libspf2 gave no response");
  outcome.result = result_of(SPF_response_result(response.get()));
  if (outcome.result == SpfResult::temperror || outcome.result == SpfResult::permerror) {
    outcome.problem = first_error(response.get());
  }
  return outcome;
}

}  // namespace connectord::auth
