#include "connectord/auth/dkim_private_key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <utility>

#include "connectord/base/base64.h"
#include "openssl_owners.h"

namespace connectord::auth {
namespace {

using Stream = std::unique_ptr<BIO, base::Free<BIO_free>>;

unsigned char* writable(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());  // NOLINT: OpenSSL's bytes are unsigned
}

// No password is asked for at a terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// OpenSSL's own words stay unread, so that nothing of the file gets into a message.
std::string why_not_a_key(const std::string& pem) {
  if (contains(pem, "ENCRYPTED")) {
    return "the key has a password, and nobody is there to type it; write one without: openssl pkey -in OLD -out NEW";
  }
  if (contains(pem, "BEGIN PUBLIC KEY") || contains(pem, "BEGIN CERTIFICATE")) {
    return "there is a public key or a certificate, which cannot sign; write the file with the private key";
  }
  if (!contains(pem, "-----BEGIN ")) {
    return "this is not PEM; make a key with: connectorctl dkim new, or convert one with: openssl pkey -inform DER";
  }
  return "there is no private key that OpenSSL can read; make one with: connectorctl dkim new";
}

std::string why_not_of_this_size(unsigned bits) {
  const bool small = bits < smallest_signing_key;
  return "the RSA key has " + std::to_string(bits) + " bits, " + (small ? "fewer than the " : "more than the ") +
         std::to_string(small ? smallest_signing_key : largest_signing_key) +
         (small ? " that a signer should use (RFC 8301)" : " that every verifier knows (RFC 8301)") +
         "; make a new one with: connectorctl dkim new";
}

std::optional<std::string> sign_ed25519(EVP_PKEY* key, const Sha256Digest& digest) {
  std::string signature(2 * ed25519_key_size, '\0');
  std::size_t size = signature.size();
  const DigestContext context(EVP_MD_CTX_new());
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) != 1) return std::nullopt;
  if (EVP_DigestSign(context.get(), writable(signature), &size, digest.data(), digest.size()) != 1) return std::nullopt;
  signature.resize(size);
  return signature;
}

std::optional<std::string> sign_rsa(EVP_PKEY* key, const Sha256Digest& digest) {
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t size = signature.size();
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  if (!context || EVP_PKEY_sign_init(context.get()) != 1) return std::nullopt;
  if (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1) return std::nullopt;
  if (EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) != 1) return std::nullopt;
  if (EVP_PKEY_sign(context.get(), writable(signature), &size, digest.data(), digest.size()) != 1) return std::nullopt;
  signature.resize(size);
  return signature;
}

// What stands behind p=, before base64: the bare key for Ed25519 (RFC 8463, 4.2), SubjectPublicKeyInfo for RSA.
std::string public_key(EVP_PKEY* key, DkimAlgorithm algorithm) {
  std::string bytes;
  if (algorithm == DkimAlgorithm::ed25519_sha256) {
    std::size_t size = ed25519_key_size;
    bytes.resize(size);
    if (EVP_PKEY_get_raw_public_key(key, writable(bytes), &size) != 1) throw std::bad_alloc();
    return bytes;
  }
  const int size = ::i2d_PUBKEY(key, nullptr);
  if (size <= 0) throw std::bad_alloc();
  bytes.resize(static_cast<std::size_t>(size));
  unsigned char* out = writable(bytes);
  ::i2d_PUBKEY(key, &out);
  return bytes;
}

}  // namespace

tl::expected<DkimPrivateKey, std::string> DkimPrivateKey::parse(const std::string& pem) {
  const Stream stream(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!stream) throw std::bad_alloc();
  const auto key = owned(::PEM_read_bio_PrivateKey(stream.get(), nullptr, &no_password, nullptr));
  ERR_clear_error();
  if (!key) return tl::unexpected(why_not_a_key(pem));
  if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) return DkimPrivateKey(key, DkimAlgorithm::ed25519_sha256);
  if (EVP_PKEY_is_a(key.get(), "RSA") != 1) {
    const char* name = EVP_PKEY_get0_type_name(key.get());
    return tl::unexpected("the key is of the kind " + std::string(name == nullptr ? "unknown" : name) +
                          ", and DKIM knows RSA and Ed25519 only; make one with: connectorctl dkim new");
  }
  DkimPrivateKey made(key, DkimAlgorithm::rsa_sha256);
  if (made.bits() < smallest_signing_key || made.bits() > largest_signing_key) {
    return tl::unexpected(why_not_of_this_size(made.bits()));
  }
  // A damaged key would make signatures that nobody can verify.
  const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
  const bool sound = context && EVP_PKEY_pairwise_check(context.get()) == 1;
  ERR_clear_error();
  if (!sound) return tl::unexpected(std::string("the numbers of the RSA key do not fit together; the file is damaged"));
  return made;
}

std::optional<DkimPrivateKey> DkimPrivateKey::make(DkimAlgorithm algorithm, unsigned rsa_bits) {
  const bool rsa = algorithm == DkimAlgorithm::rsa_sha256;
  auto key = owned(rsa ? EVP_RSA_gen(rsa_bits) : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return std::nullopt;
  return DkimPrivateKey(std::move(key), algorithm);
}

unsigned DkimPrivateKey::bits() const {
  return static_cast<unsigned>(EVP_PKEY_get_bits(key_.get()));
}

std::optional<std::string> DkimPrivateKey::sign(const Sha256Digest& digest) const {
  auto signature =
      algorithm_ == DkimAlgorithm::rsa_sha256 ? sign_rsa(key_.get(), digest) : sign_ed25519(key_.get(), digest);
  if (!signature) ERR_clear_error();
  return signature;
}

std::string DkimPrivateKey::to_pem() const {
  const Stream stream(BIO_new(BIO_s_secmem()));
  if (!stream || ::PEM_write_bio_PrivateKey(stream.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    throw std::bad_alloc();
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(stream.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string DkimPrivateKey::record() const {
  const std::string kind = algorithm_ == DkimAlgorithm::rsa_sha256 ? "rsa" : "ed25519";
  return "v=DKIM1; k=" + kind + "; p=" + base::to_base64(public_key(key_.get(), algorithm_));
}

std::string_view to_string(DkimAlgorithm algorithm) {
  return algorithm == DkimAlgorithm::rsa_sha256 ? "rsa-sha256" : "ed25519-sha256";
}

}  // namespace connectord::auth
