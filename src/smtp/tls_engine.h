#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/base/openssl.h"
#include "connectord/smtp/network.h"

namespace connectord::smtp {

// TLS without a socket: bytes of the wire go in and come out. It never checks a certificate.
class TlsEngine {
 public:
  // On failure says what is wrong, with the identity's files for example.
  static tl::expected<std::unique_ptr<TlsEngine>, Failure> make(const TlsWish& wish);

  enum class State { done, wants_bytes, failed };

  State handshake();
  // Of what is already there.
  State read(std::span<char> buffer, std::size_t& size);
  State write(std::string_view bytes);

  void give(std::string_view from_wire);
  std::string take_for_wire();
  // After State::failed.
  const Failure& failure() const { return failure_; }
  // After the handshake.
  TlsSession session() const;

 private:
  TlsEngine() = default;
  State state_of(int result);

  std::unique_ptr<SSL_CTX, base::Free<SSL_CTX_free>> context_;
  std::unique_ptr<SSL, base::Free<SSL_free>> ssl_;
  BIO* incoming_ = nullptr;  // of the SSL
  BIO* outgoing_ = nullptr;
  bool asked_for_certificate_ = false;
  Failure failure_;
};

}  // namespace connectord::smtp
