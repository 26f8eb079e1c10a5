#include "connectord/sts/tlsa.h"

#include <algorithm>

#include "connectord/dns/lookups.h"

namespace connectord::sts {
namespace {

constexpr int max_chain_length = 8;

// Where a chain of CNAMEs leads.
struct Alias {
  std::string end;                             // the name itself where it is no alias
  bool begins_securely = true;                 // DNS vouches for the first CNAME
  bool is_secure = true;                       // for all of them
  std::shared_ptr<const dns::Answer> failure;  // one of them is not known now
};

Alias follow(dns::Resolver& resolver, const std::string& name) {
  Alias alias{name, true, true, nullptr};
  for (int link = 0; link < max_chain_length; ++link) {
    const auto answer = ask(resolver, {alias.end, dns::Type::cname});
    if (answer->is_temporary()) alias.failure = answer;
    if (answer->status != dns::Status::found) return alias;
    if (link == 0) alias.begins_securely = answer->authenticated;
    alias.is_secure = alias.is_secure && answer->authenticated;
    alias.end = answer->names.front();
  }
  auto endless = std::make_shared<dns::Answer>();
  endless->status = dns::Status::error;
  alias.failure = std::move(endless);
  return alias;
}

void add(std::vector<std::string>& names, const std::string& name) {
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

TlsaRecords find_tlsa(dns::Resolver& resolver, const MailHost& host) {
  TlsaRecords records;
  records.base = host.name;
  const Alias alias = follow(resolver, host.name);
  records.answer = alias.failure;
  if (alias.failure) return records;
  const bool is_alias = alias.end != host.name;
  const bool is_secure = host.authenticated && alias.is_secure;
  std::vector<std::string> bases;
  if (is_secure) add(bases, alias.end);
  add(bases, host.name);
  records.names = bases;
  add(records.names, host.domain);
  const bool believes = is_secure || (is_alias && host.name_is_authenticated && alias.begins_securely);
  for (const std::string& base : bases) {
    records.base = base;
    records.asked.push_back("_" + std::to_string(host.port) + "._tcp." + base);
    records.answer = ask(resolver, {records.asked.back(), dns::Type::tlsa});
    records.authenticated = believes && records.answer->authenticated;
    const bool has_some = records.authenticated && !records.answer->associations.empty();
    if (has_some || records.answer->is_temporary()) break;
  }
  return records;
}

}  // namespace connectord::sts
