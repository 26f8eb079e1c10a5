#include "spf_lookups.h"

#include <algorithm>

#include "connectord/auth/spf_survey.h"
#include "connectord/dns/names.h"
#include "connectord/net/domain_name.h"
#include "spf_text.h"

namespace connectord::auth {
namespace {

constexpr std::size_t max_client_names = 10;

std::string described(const std::string& name, dns::Type type, dns::Status status) {
  return "DNS, " + std::string(to_string(type)) + " of " + printable(name) + ": " + std::string(to_string(status));
}

}  // namespace

tl::unexpected<SpfFault> spf_fault(SpfStop stop, std::string problem) {
  return tl::unexpected(SpfFault{stop, std::move(problem)});
}

SpfStep<void> SpfLookups::count_term() {
  if (++terms_ > max_spf_lookups) return spf_fault(SpfStop::permerror, "more than ten terms that ask DNS");
  return {};
}

SpfStep<const dns::Answer*> SpfLookups::ask(const std::string& name, dns::Type type) {
  const dns::Answer* answer = answers_->ask({name, type});
  if (answer == nullptr) return spf_fault(SpfStop::missing);
  if (answer->is_temporary()) return spf_fault(SpfStop::temperror, described(name, type, answer->status));
  return answer;
}

// A name that DNS cannot be asked for was not looked up, so it is not counted.
SpfStep<const dns::Answer*> SpfLookups::ask_for_term(const std::string& name, dns::Type type) {
  auto answer = ask(name, type);
  if (!answer) return answer;
  const auto status = (*answer)->status;
  if (status != dns::Status::nodata && status != dns::Status::nxdomain) return answer;
  const dns::Question question{name, type};
  if (std::find(void_lookups_.begin(), void_lookups_.end(), question) == void_lookups_.end()) {
    void_lookups_.push_back(question);
  }
  if (void_lookups_.size() > max_void_spf_lookups) {
    return spf_fault(SpfStop::permerror,
                     "more than two lookups that find nothing, the last: " + described(name, type, status));
  }
  return answer;
}

// Not counted as a void lookup: the sender's domain has no say in what the client's address is called.
SpfStep<std::vector<std::string>> SpfLookups::client_names() {
  const dns::Answer* answer = answers_->ask({dns::reverse_name(client_), dns::Type::ptr});
  if (answer == nullptr) return spf_fault(SpfStop::missing);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(answer->names.size(), max_client_names); ++i) {
    if (auto name = net::normalize_domain(answer->names[i])) names.push_back(std::move(*name));
  }
  return names;
}

SpfStep<bool> SpfLookups::is_client_name(const std::string& name) {
  const dns::Answer* answer = answers_->ask({name, address_type()});
  if (answer == nullptr) return spf_fault(SpfStop::missing);
  return std::find(answer->addresses.begin(), answer->addresses.end(), client_) != answer->addresses.end();
}

}  // namespace connectord::auth
