#pragma once

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectord/auth/dkim.h"
#include "connectord/base/ascii_case.h"
#include "dns/zone.h"

// What the tests of DKIM and ARC need: keys, messages, and signatures over them.
namespace connectord::auth::testing {

using Header = std::pair<std::string, std::string>;  // as the milter protocol has it, the value with its leading space

struct Message {
  std::vector<Header> headers;
  std::string body;
};

// Splits a message as it is in a file, with LF or CRLF; the body gets CRLF.
inline Message parse_message(std::string_view text) {
  Message message;
  bool in_body = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (in_body) {
      message.body.append(line).append("\r\n");
    } else if (line.empty()) {
      in_body = true;
    } else if (line.front() == ' ' || line.front() == '\t') {
      message.headers.back().second.append("\r\n").append(line);
    } else {
      const auto colon = line.find(':');
      message.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
    }
  }
  return message;
}

inline std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                                       reinterpret_cast<const unsigned char*>(bytes.data()),
                                                       static_cast<int>(bytes.size()))));
  return text;
}

class PrivateKey {
 public:
  static PrivateKey rsa(unsigned bits) { return PrivateKey(EVP_RSA_gen(bits)); }
  static PrivateKey ed25519() { return PrivateKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

  std::string sign(const Sha256Digest& digest) const {
    const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::size_t size = 1024 * 2;
    std::string signature(size, '\0');
    auto* out = reinterpret_cast<unsigned char*>(signature.data());
    bool good = false;
    if (EVP_PKEY_is_a(key_.get(), "ED25519") == 1) {
      good = EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
             EVP_DigestSign(context.get(), out, &size, digest.data(), digest.size()) == 1;
    } else {
      const std::shared_ptr<EVP_PKEY_CTX> rsa(EVP_PKEY_CTX_new(key_.get(), nullptr), EVP_PKEY_CTX_free);
      good = EVP_PKEY_sign_init(rsa.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(rsa.get(), RSA_PKCS1_PADDING) == 1 &&
             EVP_PKEY_CTX_set_signature_md(rsa.get(), EVP_sha256()) == 1 &&
             EVP_PKEY_sign(rsa.get(), out, &size, digest.data(), digest.size()) == 1;
    }
    if (!good) throw std::runtime_error("cannot sign");
    signature.resize(size);
    return signature;
  }

  // What stands behind p=.
  std::string public_key() const {
    if (EVP_PKEY_is_a(key_.get(), "ED25519") == 1) {
      std::string raw(32, '\0');
      std::size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
      return base64(raw);
    }
    return encoded(i2d_PUBKEY);
  }
  std::string pkcs1_public_key() const { return encoded(i2d_PublicKey); }
  // For libopendkim, which wants PEM.
  EVP_PKEY* get() const { return key_.get(); }

 private:
  explicit PrivateKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {
    if (key == nullptr) throw std::runtime_error("cannot make a key");
  }
  template <class Encode>
  std::string encoded(Encode encode) const {
    unsigned char* der = nullptr;
    const int size = encode(key_.get(), &der);
    const std::shared_ptr<unsigned char> owner(der, [](unsigned char* p) { OPENSSL_free(p); });
    if (size <= 0) throw std::runtime_error("cannot encode a key");
    return base64({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  }

  std::shared_ptr<EVP_PKEY> key_;
};

inline const PrivateKey& rsa_key() {
  static const PrivateKey key = PrivateKey::rsa(2048);
  return key;
}
inline const PrivateKey& ed25519_key() {
  static const PrivateKey key = PrivateKey::ed25519();
  return key;
}

// The tags of a signature that is to be made; bh= and b= are computed, all else stands as it is given.
struct Signing {
  const PrivateKey* key = &rsa_key();
  std::string name = "DKIM-Signature";
  std::string before = " v=1; a=rsa-sha256; d=example.com; s=sel; c=relaxed/relaxed; h=from:to:subject";
  std::string after;  // tags behind bh= and b=, beginning with ";"
  std::string hash_tag = "; bh=";
  std::string signature_tag = "; b=";
  std::optional<std::uint64_t> length;  // for the hash only; say l= in `before`
};

inline Sha256Digest sha256(std::string_view text) {
  Sha256 hash;
  hash.update(text);
  return hash.finish();
}

inline std::string as_string(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

inline std::string body_hash(const Message& message, DkimCanonicalization form, std::optional<std::uint64_t> length) {
  DkimBodyHash body(form);
  const auto limit = body.add_limit(length);
  body.update(message.body);
  body.finish();
  return base64(as_string(body.digest(limit)));
}

// Makes the field, without adding it to the message.
inline Header make_signature(const Message& message, const Signing& signing) {
  const auto relaxed = DkimCanonicalization::relaxed;
  const auto simple = DkimCanonicalization::simple;
  const bool header_relaxed = signing.before.find("c=relaxed") != std::string::npos;
  const bool body_relaxed = signing.before.find("/relaxed") != std::string::npos;
  const std::string hash = body_hash(message, body_relaxed ? relaxed : simple, signing.length);
  const std::string start = signing.before + signing.hash_tag + hash + signing.signature_tag;

  DkimHeaders headers(1 << 24);
  for (const auto& [name, value] : message.headers) headers.add(name, value);
  const auto list = DkimTags::parse(start);
  std::vector<std::string> names;
  if (list) {
    for (const auto name : split_dkim_list(list->value("h").value_or("")).value_or(std::vector<std::string_view>())) {
      names.push_back(base::to_lower(name));
    }
  }
  const auto form = header_relaxed ? relaxed : simple;
  std::string text;
  for (const auto index : headers.select(names, headers.size())) {
    append_canonical_header(text, form, headers.field(index).name, headers.field(index).value);
    text += "\r\n";
  }
  append_canonical_header(text, form, signing.name, start + signing.after);
  return {signing.name, start + base64(signing.key->sign(sha256(text))) + signing.after};
}

inline Message signed_message(Message message, const Signing& signing = {}) {
  message.headers.insert(message.headers.begin(), make_signature(message, signing));
  return message;
}

inline Message plain_message() {
  return parse_message(
      "From: Joe <joe@example.com>\nTo: Suzie <suzie@example.net>\nSubject: Is dinner\n ready?\n\nHi.\n\nWe lost.  "
      "Hungry?\n\nJoe.\n");
}

inline std::string key_record(const PrivateKey& key = rsa_key(), std::string_view tags = "v=DKIM1; ") {
  return std::string(tags) + "p=" + key.public_key();
}

// A key with a modulus of so many bits, which nobody could make a signature with.
inline std::string made_up_rsa_key(std::size_t bits, std::string exponent = std::string("\x01\x00\x01", 3)) {
  std::string modulus((bits + 7) / 8, '\xff');
  modulus.front() = static_cast<char>(0xff >> ((8 - bits % 8) % 8));
  const auto element = [](char tag, const std::string& content) {
    const auto size = content.size();
    std::string length(1, static_cast<char>(size));
    if (size >= 0x80)
      length = size < 0x100 ? "\x81" + length : std::string("\x82") + static_cast<char>(size >> 8) + length;
    return tag + length + content;
  };
  if ((modulus.front() & 0x80) != 0) modulus.insert(0, 1, '\0');
  return base64(element('\x30', element('\x02', modulus) + element('\x02', exponent)));
}

inline dns::testing::Zone zone_with(std::string record, std::string_view name = "sel._domainkey.example.com") {
  dns::testing::Zone zone;
  zone.txt(name, std::move(record));
  return zone;
}

constexpr std::int64_t now = 1700000000;

inline std::vector<model::DkimSignature> verify(const Message& message, const dns::testing::Zone& zone,
                                                std::int64_t at = now, const DkimLimits& limits = {},
                                                std::size_t chunk_size = 65536) {
  DkimVerifier verifier(limits, at);
  for (const auto& [name, value] : message.headers) verifier.header(name, value);
  verifier.end_of_headers();
  const std::string_view body = message.body;
  for (std::size_t i = 0; i < body.size(); i += chunk_size) verifier.body(body.substr(i, chunk_size));
  return dns::testing::run(zone, [&verifier](dns::DnsAnswers& answers) { return verifier.finish(answers); });
}

inline model::DkimSignature verify_one(const Message& message, const dns::testing::Zone& zone, std::int64_t at = now) {
  const auto results = verify(message, zone, at);
  if (results.size() != 1) throw std::logic_error("not one result: " + std::to_string(results.size()));
  return results.front();
}

}  // namespace connectord::auth::testing
