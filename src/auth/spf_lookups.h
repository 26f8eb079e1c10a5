#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/dns/dns_answers.h"
#include "connectord/net/ip_address.h"

namespace connectord::auth {

// Why an evaluation cannot go on.
enum class SpfStop : std::uint8_t { missing, temperror, permerror };

struct SpfFault {
  SpfStop stop = SpfStop::missing;
  std::string problem;  // for a person; empty while answers are missing
};

template <class T>
using SpfStep = tl::expected<T, SpfFault>;

tl::unexpected<SpfFault> spf_fault(SpfStop stop, std::string problem = {});

// The questions of one check_host() to DNS, and their limits (RFC 7208, 4.6.4).
class SpfLookups {
 public:
  explicit SpfLookups(const net::IpAddress& client) : client_(client) {}

  // What is known from now on; before anything is asked.
  void use(dns::DnsAnswers& dns_answers) { answers_ = &dns_answers; }

  // To be called for each term that asks DNS, before it does: include, a, mx, ptr, exists, redirect.
  SpfStep<void> count_term();
  // An answer that is there and not temporary.
  SpfStep<const dns::Answer*> ask(const std::string& name, dns::Type type);
  // The same for terms, whose empty answers are counted.
  SpfStep<const dns::Answer*> ask_for_term(const std::string& name, dns::Type type);
  // A or AAAA, as the client's address is (5).
  dns::Type address_type() const { return client_.is_v4() ? dns::Type::a : dns::Type::aaaa; }
  // Notes the question without waiting for its answer, so that it goes out beside others.
  void expect(const std::string& name, dns::Type type) { answers_->ask({name, type}); }
  // Names of the client's address that DNS gives, ten at most, normalized (5.5); none after an error.
  SpfStep<std::vector<std::string>> client_names();
  // True if the name has the client's address (5.5); an error counts as no.
  SpfStep<bool> is_client_name(const std::string& name);

 private:
  const net::IpAddress& client_;
  dns::DnsAnswers* answers_ = nullptr;
  unsigned terms_ = 0;
  std::vector<dns::Question> void_lookups_;  // each question once, however many terms ask it
};

}  // namespace connectord::auth
