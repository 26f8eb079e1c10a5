#include "tls_engine.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <climits>

namespace connectord::smtp {
namespace {

std::string last_words() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "the handshake failed" : reason;
}

tl::expected<void, Failure> show(SSL* ssl, const Identity& identity) {
  const auto fail = [](const std::string& file) {
    return tl::unexpected(Failure{Failure::Kind::other, file + ": " + last_words()});
  };
  if (SSL_use_certificate_chain_file(ssl, identity.certificate_file.c_str()) != 1) {
    return fail(identity.certificate_file);
  }
  if (SSL_use_PrivateKey_file(ssl, identity.key_file.c_str(), SSL_FILETYPE_PEM) != 1) return fail(identity.key_file);
  return {};
}

int note_request(SSL*, void* asked) {
  *static_cast<bool*>(asked) = true;
  return 1;
}

}  // namespace

tl::expected<std::unique_ptr<TlsEngine>, Failure> TlsEngine::make(const TlsWish& wish) {
  std::unique_ptr<TlsEngine> engine(new TlsEngine);
  engine->context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = engine->context_.get();
  const bool ready = context != nullptr && SSL_CTX_set_min_proto_version(context, TLS1_VERSION) == 1 &&
                     SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0") == 1;
  if (ready) engine->ssl_.reset(SSL_new(context));
  SSL* ssl = engine->ssl_.get();
  engine->incoming_ = BIO_new(BIO_s_mem());
  engine->outgoing_ = BIO_new(BIO_s_mem());
  if (ssl == nullptr || engine->incoming_ == nullptr || engine->outgoing_ == nullptr) {
    return tl::unexpected(Failure{Failure::Kind::other, last_words()});
  }
  BIO_set_mem_eof_return(engine->incoming_, -1);
  SSL_set_bio(ssl, engine->incoming_, engine->outgoing_);
  SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
  SSL_set_cert_cb(ssl, note_request, &engine->asked_for_certificate_);
  if (!wish.server_name.empty()) SSL_set_tlsext_host_name(ssl, wish.server_name.c_str());
  if (wish.ask_status) SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
  if (wish.identity) {
    if (auto shown = show(ssl, *wish.identity); !shown) return tl::unexpected(shown.error());
  }
  SSL_set_connect_state(ssl);
  ERR_clear_error();
  return engine;
}

TlsEngine::State TlsEngine::handshake() {
  return state_of(SSL_do_handshake(ssl_.get()));
}

TlsEngine::State TlsEngine::read(std::span<char> buffer, std::size_t& size) {
  return state_of(SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size));
}

TlsEngine::State TlsEngine::write(std::string_view bytes) {
  std::size_t written = 0;
  return state_of(SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written));
}

TlsEngine::State TlsEngine::state_of(int result) {
  if (result == 1) return State::done;
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return State::wants_bytes;
  if (error == SSL_ERROR_ZERO_RETURN) {
    failure_ = {Failure::Kind::closed, "the server closed the connection"};
  } else {
    failure_ = {Failure::Kind::tls, last_words()};
  }
  return State::failed;
}

void TlsEngine::give(std::string_view from_wire) {
  BIO_write(incoming_, from_wire.data(), static_cast<int>(std::min<std::size_t>(from_wire.size(), INT_MAX)));
}

std::string TlsEngine::take_for_wire() {
  std::string bytes(BIO_ctrl_pending(outgoing_), '\0');
  if (!bytes.empty()) BIO_read(outgoing_, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

TlsSession TlsEngine::session() const {
  TlsSession session;
  SSL* ssl = ssl_.get();
  session.version = model::parse_tls_version(SSL_get_version(ssl)).value_or(model::TlsVersion::none);
  session.cipher = SSL_get_cipher_name(ssl);
  session.asked_for_certificate = asked_for_certificate_;
  const STACK_OF(X509)* sent = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < std::min(sk_X509_num(sent), static_cast<int>(tls::max_chain_length)); ++i) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(sk_X509_value(sent, i), &bytes);
    if (size <= 0) continue;
    auto certificate = tls::read_certificate({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    OPENSSL_free(bytes);
    if (certificate) session.chain.push_back(std::move(*certificate));
  }
  const unsigned char* stapled = nullptr;
  const long size = SSL_get_tlsext_status_ocsp_resp(ssl, &stapled);
  if (size > 0) session.stapled.assign(reinterpret_cast<const char*>(stapled), static_cast<std::size_t>(size));
  return session;
}

}  // namespace connectord::smtp
