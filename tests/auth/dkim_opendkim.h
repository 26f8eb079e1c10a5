#pragma once

#include <openssl/bio.h>
#include <openssl/pem.h>
// The library's header is written for C, and C++ has no such word.
#define _Bool bool  // NOLINT
#include <opendkim/dkim.h>
#undef _Bool

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "auth/dkim_signing.h"

// libopendkim loses the Ed25519 keys that it signs with, which is not what these tests are about.
#if defined(__has_feature)  // Clang's way to say it; GCC 12 has the macro alone
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1  // NOLINT: GCC's name
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
using OpendkimLeaks = __lsan::ScopedDisabler;
#else
struct OpendkimLeaks {
  OpendkimLeaks() {}  // NOLINT: so that it does not look unused
};
#endif

// libopendkim as a second opinion on signatures, and as another signer.
namespace connectord::auth::testing {

class Opendkim {
 public:
  Opendkim() : library_(dkim_init(nullptr, nullptr), dkim_close) {
    if (!library_) throw std::runtime_error("no libopendkim");
    dkim_set_key_lookup(library_.get(), [](DKIM* dkim, DKIM_SIGINFO*, u_char* buffer, std::size_t size) -> DKIM_CBSTAT {
      const auto* record = static_cast<const std::string*>(dkim_get_user_context(dkim));
      std::strncpy(reinterpret_cast<char*>(buffer), record->c_str(), size - 1);
      return DKIM_CBSTAT_CONTINUE;
    });
  }

  // The message with a signature on top.
  Message sign(Message message, const PrivateKey& key, dkim_canon_t header, dkim_canon_t body, dkim_alg_t algorithm,
               ssize_t length = -1) const {
    return sign(std::move(message), private_pem(key), header, body, algorithm, length);
  }

  // The same with a key in PEM, as the library is given it for each message.
  Message sign(Message message, const std::string& pem, dkim_canon_t header, dkim_canon_t body, dkim_alg_t algorithm,
               ssize_t length = -1) const {
    const OpendkimLeaks leaks;
    DKIM_STAT status = DKIM_STAT_OK;
    const Handle handle(dkim_sign(library_.get(), bytes("test"), nullptr, bytes(pem.c_str()), bytes("sel"),
                                  bytes("example.com"), header, body, algorithm, length, &status),
                        dkim_free);
    feed(handle.get(), message);
    check(dkim_eom(handle.get(), nullptr));
    std::size_t size = 0;
    u_char* text = nullptr;
    check(dkim_getsighdr_d(handle.get(), std::strlen("DKIM-Signature: "), &text, &size));
    std::string value = " " + std::string(reinterpret_cast<char*>(text), size);
    message.headers.insert(message.headers.begin(), {"DKIM-Signature", value});
    return message;
  }

  static std::string private_pem(const PrivateKey& key) {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  bool verifies(const Message& message, std::string record) const {
    DKIM_STAT status = DKIM_STAT_OK;
    const Handle handle(dkim_verify(library_.get(), bytes("test"), nullptr, &status), dkim_free);
    dkim_set_user_context(handle.get(), &record);
    feed(handle.get(), message);
    return dkim_eom(handle.get(), nullptr) == DKIM_STAT_OK;
  }

 private:
  using Handle = std::unique_ptr<DKIM, DKIM_STAT (*)(DKIM*)>;

  static u_char* bytes(const char* text) { return reinterpret_cast<u_char*>(const_cast<char*>(text)); }
  static void check(DKIM_STAT status) {
    if (status != DKIM_STAT_OK) throw std::runtime_error(dkim_getresultstr(status));
  }
  static void feed(DKIM* handle, const Message& message) {
    for (const auto& [name, value] : message.headers) {
      const std::string line = name + ":" + value;
      check(dkim_header(handle, bytes(line.data()), line.size()));
    }
    const DKIM_STAT status = dkim_eoh(handle);
    if (status != DKIM_STAT_OK) throw std::runtime_error(dkim_getresultstr(status));
    if (!message.body.empty()) check(dkim_body(handle, bytes(message.body.data()), message.body.size()));
  }

  std::unique_ptr<DKIM_LIB, void (*)(DKIM_LIB*)> library_;
};

}  // namespace connectord::auth::testing
