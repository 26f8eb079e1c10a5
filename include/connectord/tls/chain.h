#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/dns/answer.h"
#include "connectord/tls/certificate.h"

// Whether a server's certificate is to be trusted. What it was issued for, when, and whether it was revoked are
// reported separately, so that a person reads all that is wrong and not the first of it.
namespace connectord::tls {

// The authorities to trust. Immutable, thread-safe.
class TrustStore {
 public:
  // Those of a file in PEM; a certificate there is trusted also if it is not an authority of its own (Postfix:
  // tafile). On failure says what is wrong with the file.
  static tl::expected<TrustStore, std::string> from_file(const std::string& path);
  // Those that the system trusts (/etc/ssl/certs).
  static tl::expected<TrustStore, std::string> of_system();
  // These alone, or with those that the system trusts.
  static tl::expected<TrustStore, std::string> of(const std::vector<Certificate>& anchors, bool with_system = false);

  struct Handle;  // an X509_STORE
  const Handle& handle() const { return *handle_; }

 private:
  explicit TrustStore(std::shared_ptr<const Handle> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<const Handle> handle_;
};

struct ChainVerdict {
  std::string problem;  // why no trusted authority vouches for it, in words; empty: one does
  std::string anchor;   // the subject of the one that does
  // The certificates on the way that are not valid at the time, in words; empty: none.
  std::string out_of_date;
  bool trusted() const { return problem.empty(); }
};

// A chain as a server sent it: its own certificate first, then what leads to an authority, in any order.
using Chain = std::vector<Certificate>;

// At most this many certificates of a chain are looked at.
inline constexpr std::size_t max_chain_length = 16;

// For use as a server (RFC 5280, 6), at that time in seconds since 1970. An empty chain is not trusted.
ChainVerdict verify(const Chain& chain, const TrustStore& store, std::int64_t unix_time);

enum class Revocation : std::uint8_t { good, revoked, unknown };

struct RevocationVerdict {
  Revocation status = Revocation::unknown;
  std::string words;
};

// By an OCSP response (RFC 6960, DER) that the server stapled, which an authority of `store` must vouch for.
RevocationVerdict check_stapled(const Chain& chain, std::string_view response, const TrustStore& store,
                                std::int64_t unix_time);
// By lists of revoked certificates (RFC 5280, 5), a text in PEM. Unknown where there is none of the certificate's
// issuer, or none that is in force at the time.
RevocationVerdict check_lists(const Chain& chain, std::string_view pem, const TrustStore& store,
                              std::int64_t unix_time);

// DANE for SMTP (RFC 7672, 3.1): the usages DANE-TA(2) and DANE-EE(3) with the digests of RFC 6698; all other records
// are not usable.
bool is_usable(const dns::Tlsa& association);

struct DaneVerdict {
  std::string problem;  // empty: one of the records matches
  std::string matched;  // which one, "3 1 1 5f1d…"
};

// Looks for a record that matches the chain. DANE-TA needs one of `names` in the certificate, and a chain that is valid
// at the time; DANE-EE needs neither (RFC 7672, 3.1.1).
DaneVerdict check_dane(const Chain& chain, const std::vector<dns::Tlsa>& associations,
                       const std::vector<std::string>& names, std::int64_t unix_time);
// "3 1 1 5f1d…", with the first digits of the data.
std::string to_string(const dns::Tlsa& association);

}  // namespace connectord::tls
