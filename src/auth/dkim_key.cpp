#include "connectord/auth/dkim_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>

#include "connectord/auth/dkim_tags.h"
#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "dkim_rsa.h"
#include "openssl_owners.h"

namespace connectord::auth {
namespace {

using model::DkimResult;

constexpr std::size_t max_record_length = 16384;  // twice what the largest key needs
constexpr std::size_t max_keys = 3;               // at one name
constexpr std::size_t max_exponent = 8;           // bytes: an exponent as long as the modulus costs as much as signing

using Number = std::unique_ptr<BIGNUM, base::Free<BN_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, base::Free<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, base::Free<OSSL_PARAM_free>>;

// What stands there helps whoever must repair it: quotation marks that do not belong to it, another case.
DkimProblem about(std::string_view record, std::string text) {
  constexpr std::size_t max_text = 60;
  return dkim_failure(std::move(text) + ": " + base::printable(record, max_text));
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());  // NOLINT: OpenSSL's bytes are unsigned
}

Number to_number(std::string_view bytes) {
  return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

std::shared_ptr<EVP_PKEY> make_rsa_key(const RsaNumbers& numbers) {
  const Number modulus = to_number(numbers.modulus);
  const Number exponent = to_number(numbers.exponent);
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  if (!modulus || !exponent || !builder || !context) return nullptr;
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1) return nullptr;
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) return nullptr;
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  EVP_PKEY* key = nullptr;
  if (!parameters || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) return nullptr;
  return owned(key);
}

bool has_sane_exponent(const RsaNumbers& numbers) {
  const std::string_view exponent = numbers.exponent;
  if (exponent.size() > max_exponent) return false;
  const bool is_odd = (static_cast<unsigned char>(exponent.back()) & 1U) != 0;
  return is_odd && exponent != std::string_view("\x01", 1);
}

struct KeyMaterial {
  std::shared_ptr<EVP_PKEY> key;
  unsigned bits = 0;
  unsigned effort = 1;
};

// A multiplication of the modulus for each bit of the exponent, and one more for each that is set.
unsigned effort_of(const RsaNumbers& numbers) {
  constexpr unsigned usual = 2048 / 64 * (2048 / 64) * 19;
  unsigned steps = 0;
  for (const char c : numbers.exponent) {
    const auto byte = static_cast<unsigned char>(c);
    steps += static_cast<unsigned>(steps == 0 ? std::bit_width(byte) : 8) + static_cast<unsigned>(std::popcount(byte));
  }
  const unsigned words = numbers.modulus_bits() / 64;
  return std::max(1U, words * words * steps / usual);
}

std::string bits_text(unsigned bits) {
  return std::to_string(bits) + " bits";
}

tl::expected<KeyMaterial, DkimProblem> read_rsa(std::string_view der, const DkimKeySizes& sizes) {
  const auto numbers = parse_rsa_public_key(der);
  if (!numbers) return tl::unexpected(dkim_failure("p= holds no RSA key"));
  const unsigned bits = numbers->modulus_bits();
  if (bits < sizes.smallest) {
    return tl::unexpected(dkim_failure("the key has " + bits_text(bits) + ", less than the " +
                                           std::to_string(sizes.smallest) + " that RFC 8301 asks for",
                                       DkimResult::policy));
  }
  if (bits > sizes.largest) {
    return tl::unexpected(dkim_failure(
        "the key has " + bits_text(bits) + ", more than the " + std::to_string(sizes.largest) + " that are tried",
        DkimResult::policy));
  }
  if (!has_sane_exponent(*numbers)) return tl::unexpected(dkim_failure("the key's exponent is not one that RSA uses"));
  KeyMaterial material{make_rsa_key(*numbers), bits, effort_of(*numbers)};
  if (!material.key) return tl::unexpected(dkim_failure("p= holds no RSA key that OpenSSL can use"));
  return material;
}

// RFC 8463, 4.2: the key itself, in no wrapping.
tl::expected<KeyMaterial, DkimProblem> read_ed25519(std::string_view bytes) {
  if (bytes.size() != ed25519_key_size) return tl::unexpected(dkim_failure("p= holds no Ed25519 key of 32 bytes"));
  constexpr unsigned effort = 4;
  KeyMaterial material{owned(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(bytes), bytes.size())),
                       256, effort};
  if (!material.key) return tl::unexpected(dkim_failure("p= holds no Ed25519 key"));
  return material;
}

// 3.6.1, v=: where it stands at all, it stands first.
std::optional<DkimProblem> check_version(const DkimTags& tags, std::string_view record) {
  const auto version = tags.value("v");
  if (!version) return std::nullopt;
  if (*version != "DKIM1") return about(record, "the key record's v= is not DKIM1");
  if (tags.all().front().name != "v") return about(record, "v= is not the first tag of the key record");
  return std::nullopt;
}

bool lists(const DkimTags& record, std::string_view tag, std::initializer_list<std::string_view> wanted) {
  const auto items = split_dkim_list(record.value(tag).value_or(std::string_view()));
  if (!items) return false;
  return std::any_of(items->begin(), items->end(), [wanted](std::string_view item) {
    return std::any_of(wanted.begin(), wanted.end(),
                       [item](auto name) { return base::equals_ignoring_case(item, name); });
  });
}

// 3.6.1, h=, s= and k=: what the key may be used for.
std::optional<DkimProblem> check_use(const DkimTags& record, DkimAlgorithm algorithm) {
  if (record.find("h") != nullptr && !lists(record, "h", {"sha256"}))
    return dkim_failure("the key is not for SHA-256 (h=)");
  if (record.find("s") != nullptr && !lists(record, "s", {"*", "email"})) {
    return dkim_failure("the key is not for mail (s=)");
  }
  const std::string_view type = record.value("k").value_or("rsa");
  const std::string_view wanted = algorithm == DkimAlgorithm::rsa_sha256 ? "rsa" : "ed25519";
  if (!base::equals_ignoring_case(type, wanted))
    return dkim_failure("the key is of another type than the signature (k=)");
  return std::nullopt;
}

// Something else that happens to stand at this name, and not a broken key: it neither claims to be one nor holds one.
bool is_other_record(std::string_view record) {
  const auto tags = DkimTags::parse(record);
  if (!tags) return !record.starts_with("v=DKIM1");
  return tags->find("p") == nullptr && tags->value("v") != "DKIM1";
}

std::optional<DkimProblem> check_status(const dns::Answer& answer) {
  switch (answer.status) {
    case dns::Status::found:
      return std::nullopt;
    case dns::Status::timeout:
      return dkim_failure("the key could not be asked for: DNS did not answer in time", DkimResult::temperror);
    case dns::Status::error:
      return dkim_failure("the key could not be asked for: DNS failed", DkimResult::temperror);
    case dns::Status::nxdomain:
    case dns::Status::nodata:
    case dns::Status::invalid:
      break;
  }
  return dkim_failure("there is no key at this selector");
}

}  // namespace

tl::expected<DkimKey, DkimProblem> DkimKey::parse(std::string_view record, DkimAlgorithm algorithm,
                                                  const DkimKeySizes& sizes) {
  if (record.size() > max_record_length) return tl::unexpected(dkim_failure("the key record is too long"));
  const auto tags = DkimTags::parse(record);
  if (!tags) return tl::unexpected(about(record, "the key record cannot be read (" + tags.error() + ")"));
  if (auto problem = check_version(*tags, record)) return tl::unexpected(std::move(*problem));
  const auto encoded = tags->value("p");
  if (!encoded) return tl::unexpected(about(record, "the key record has no p="));
  if (auto problem = check_use(*tags, algorithm)) return tl::unexpected(std::move(*problem));
  if (encoded->empty()) return tl::unexpected(dkim_failure("the key is revoked"));
  const auto bytes = decode_dkim_base64(*encoded);
  if (!bytes) return tl::unexpected(dkim_failure("p= is no base64"));
  auto material = algorithm == DkimAlgorithm::rsa_sha256 ? read_rsa(*bytes, sizes) : read_ed25519(*bytes);
  if (!material) return tl::unexpected(std::move(material.error()));

  DkimKey key;
  key.algorithm_ = algorithm;
  key.key_ = std::move(material->key);
  key.bits_ = material->bits;
  key.effort_ = material->effort;
  key.testing_ = lists(*tags, "t", {"y"});
  key.forbids_subdomains_ = lists(*tags, "t", {"s"});
  return key;
}

bool DkimKey::verify(const Sha256Digest& digest, std::string_view signature) const {
  bool valid = false;
  if (algorithm_ == DkimAlgorithm::ed25519_sha256) {
    // RFC 8463, 3: what Ed25519 signs is the hash.
    const DigestContext context(EVP_MD_CTX_new());
    valid = context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
            EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), digest.data(), digest.size()) == 1;
  } else {
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    valid = context && EVP_PKEY_verify_init(context.get()) == 1 &&
            EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
            EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1 &&
            EVP_PKEY_verify(context.get(), bytes_of(signature), signature.size(), digest.data(), digest.size()) == 1;
  }
  // A signature that does not fit leaves notes in the thread's queue, which others would read as theirs.
  if (!valid) ERR_clear_error();
  return valid;
}

dns::Question dkim_key_question(const DkimSignatureTags& tags) {
  return {tags.selector + "._domainkey." + tags.domain, dns::Type::txt};
}

tl::expected<std::vector<DkimKey>, DkimProblem> dkim_keys(const dns::Answer& answer, DkimAlgorithm algorithm,
                                                          const DkimKeySizes& sizes, DkimEffort& effort) {
  if (auto problem = check_status(answer)) return tl::unexpected(std::move(*problem));
  std::vector<DkimKey> keys;
  std::optional<DkimProblem> problem;
  std::size_t records = 0;
  for (const std::string& record : answer.texts) {
    if (is_other_record(record)) continue;
    if (++records > max_keys) return tl::unexpected(dkim_failure("there are more than three keys at this selector"));
    if (!effort.spend(1)) return tl::unexpected(dkim_failure(std::string(too_much_dkim_effort), DkimResult::policy));
    auto key = DkimKey::parse(record, algorithm, sizes);
    if (key) {
      keys.push_back(std::move(*key));
    } else if (!problem) {
      problem = std::move(key.error());
    }
  }
  if (!keys.empty()) return keys;
  if (problem) return tl::unexpected(std::move(*problem));
  const bool is_bare = answer.texts.empty() || answer.texts.front().empty();
  return tl::unexpected(is_bare ? dkim_failure("there is no key at this selector")
                                : about(answer.texts.front(), "there is no key at this selector, but something else"));
}

}  // namespace connectord::auth
