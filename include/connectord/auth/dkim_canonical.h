#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace connectord::auth {

enum class DkimCanonicalization : std::uint8_t { simple, relaxed };

using Sha256Digest = std::array<unsigned char, 32>;

inline std::string_view bytes_of(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};  // NOLINT: OpenSSL's bytes are unsigned
}

// SHA-256 over what it is fed. Throws std::bad_alloc if OpenSSL has no memory. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  Sha256Digest finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

// Appends a header field as it is hashed, without a CRLF behind it (RFC 6376, 3.4.1 and 3.4.2). `value` is everything
// behind the colon, with CRLF where it is folded.
void append_canonical_header(std::string& out, DkimCanonicalization canonicalization, std::string_view name,
                             std::string_view value);

// The hashes of one body in one canonicalization, for as many lengths (l=) as signatures ask for, while the body
// streams through: it holds 4 kB of the body at the most, whatever the body is (RFC 6376, 3.4.3 to 3.4.5).
// A CR or LF that stands alone is a character like any other. Not thread-safe.
class DkimBodyHash {
 public:
  explicit DkimBodyHash(DkimCanonicalization canonicalization);

  // Before the body; returns what `digest` wants to know. The same limit twice is one hash.
  std::size_t add_limit(std::optional<std::uint64_t> limit);
  void update(std::string_view chunk);
  // After the body, once. A body that does not end in CRLF is given one.
  void finish();

  DkimCanonicalization canonicalization() const { return canonicalization_; }
  // Bytes of the canonical body so far.
  std::uint64_t length() const { return hashed_ + buffer_.size(); }
  // After `finish` only.
  const Sha256Digest& digest(std::size_t limit) const { return limits_[limit].digest; }

 private:
  struct Limited {
    std::optional<std::uint64_t> limit;
    Sha256 hash;
    Sha256Digest digest{};
  };

  void update_simple(std::string_view chunk);
  void update_relaxed(std::string_view chunk);
  // True if the CR before `next` was half of a line's end, which is done then.
  bool settle_cr(char next);
  void text(std::string_view text);
  void end_line();
  void write(std::string_view bytes);
  void hash(std::string_view bytes);

  DkimCanonicalization canonicalization_;
  std::vector<Limited> limits_;
  std::string buffer_;
  std::uint64_t hashed_ = 0;
  std::uint64_t blank_lines_ = 0;  // not written until text follows them: at the end of the body they do not count
  bool line_is_empty_ = true;
  bool cr_ = false;
  bool space_ = false;
};

}  // namespace connectord::auth
