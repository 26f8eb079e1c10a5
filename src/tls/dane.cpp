#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "connectord/base/digest.h"
#include "connectord/tls/chain.h"
#include "handles.h"

namespace connectord::tls {
namespace {

// RFC 7218 has the acronyms for these.
constexpr std::uint8_t dane_ta = 2;
constexpr std::uint8_t dane_ee = 3;
constexpr std::uint8_t selector_certificate = 0;
constexpr std::uint8_t selector_key = 1;
constexpr std::uint8_t matching_full = 0;
constexpr std::uint8_t matching_sha256 = 1;
constexpr std::uint8_t matching_sha512 = 2;

std::string public_key_of(const Certificate& certificate) {
  const X509Handle handle = parse_der(certificate.der);
  if (!handle) return {};
  unsigned char* bytes = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(handle.get()), &bytes);
  if (size <= 0) return {};
  std::string key(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return key;
}

bool matches(const dns::Tlsa& association, const Certificate& certificate) {
  const std::string selected = association.selector == selector_key ? public_key_of(certificate) : certificate.der;
  if (selected.empty()) return false;
  switch (association.matching_type) {
    case matching_full:
      return selected == association.data;
    case matching_sha256:
      return base::sha256(selected) == association.data;
    case matching_sha512:
      return base::sha512(selected) == association.data;
    default:
      return false;
  }
}

// Those above the server's own that the record names; also one that the server leaves out and the record has whole.
std::vector<Certificate> anchors_of(const Chain& chain, const dns::Tlsa& association) {
  std::vector<Certificate> anchors;
  for (std::size_t i = 1; i < std::min(chain.size(), max_chain_length); ++i) {
    if (matches(association, chain[i])) anchors.push_back(chain[i]);
  }
  if (association.selector == selector_certificate && association.matching_type == matching_full) {
    if (auto anchor = read_certificate(association.data)) anchors.push_back(std::move(*anchor));
  }
  return anchors;
}

// Why a DANE-TA record does not let the chain pass; empty if it does.
std::string problem_below(const Chain& chain, const dns::Tlsa& association, const std::vector<std::string>& names,
                          std::int64_t unix_time) {
  const auto anchors = anchors_of(chain, association);
  if (anchors.empty()) return "no record matches";
  const auto store = TrustStore::of(anchors);
  if (!store) return store.error();
  const ChainVerdict verdict = verify(chain, *store, unix_time);
  if (!verdict.trusted()) return verdict.problem;
  if (!verdict.out_of_date.empty()) return verdict.out_of_date;
  const bool named = std::any_of(names.begin(), names.end(),
                                 [&](const std::string& name) { return names_server(chain.front(), name); });
  return named ? "" : "the certificate is for " + names_of(chain.front());
}

}  // namespace

bool is_usable(const dns::Tlsa& association) {
  return (association.usage == dane_ta || association.usage == dane_ee) && association.selector <= selector_key &&
         association.matching_type <= matching_sha512;
}

DaneVerdict check_dane(const Chain& chain, const std::vector<dns::Tlsa>& associations,
                       const std::vector<std::string>& names, std::int64_t unix_time) {
  DaneVerdict verdict{"no record matches", {}};
  if (chain.empty()) return {"no certificate", {}};
  for (const dns::Tlsa& association : associations) {
    if (!is_usable(association)) continue;
    if (association.usage == dane_ee) {
      if (matches(association, chain.front())) return {"", to_string(association)};
      continue;
    }
    std::string problem = problem_below(chain, association, names, unix_time);
    if (problem.empty()) return {"", to_string(association)};
    if (problem != "no record matches") verdict.problem = std::move(problem);
  }
  return verdict;
}

std::string to_string(const dns::Tlsa& association) {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::size_t shown = 8;
  std::string text = std::to_string(association.usage) + " " + std::to_string(association.selector) + " " +
                     std::to_string(association.matching_type) + " ";
  for (const char c : association.data.substr(0, shown)) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return association.data.size() > shown ? text + "…" : text;
}

}  // namespace connectord::tls
