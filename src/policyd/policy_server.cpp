#include "connectord/policyd/policy_server.h"

#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <utility>

#include "connectord/net/stream_server.h"
#include "connectord/runtime/doorkeeper.h"
#include "connectord/session/policy_request_handler.h"
#include "request.h"

namespace connectord::policyd {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::string_view request_end = "\n\n";

// What the connections share; all of it belongs to the server's one thread.
struct Shared {
  runtime::Services services;
  PolicyLimits limits;
  net::StreamServer* server;
};

class Connection : public net::StreamConnection, public std::enable_shared_from_this<Connection> {
 public:
  Connection(net::StreamSocket socket, Shared& shared)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), shared_(shared), handler_(shared.services) {}

  void start() override { wait_for_request(); }

  void close() override {
    error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
    shared_.server->forget(*this);
  }

 private:
  // Waits for the first byte of a request without a limit, and then for the rest of it with one.
  void wait_for_request() {
    if (!buffer_.empty()) {
      read_request();
      return;
    }
    socket_.async_wait(net::StreamSocket::wait_read, [self = shared_from_this()](error_code error) {
      if (error) return self->close();
      self->read_request();
    });
  }

  void read_request() {
    timer_.expires_after(shared_.limits.request_time);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->refuse("a request that does not end");
    });
    asio::async_read_until(socket_, asio::dynamic_buffer(buffer_, shared_.limits.request_bytes), request_end,
                           [self = shared_from_this()](error_code error, std::size_t length) {
                             self->timer_.cancel();
                             self->on_request(error, length);
                           });
  }

  void on_request(error_code error, std::size_t length) {
    if (error == asio::error::not_found) return refuse("a request that is too long");
    if (error) return close();
    shared_.server->used(*this);
    const auto request = parse_request(std::string_view(buffer_).substr(0, length - 1));
    if (!request) return refuse(request.error());
    buffer_.erase(0, length);
    shared_.services.activity->policy_requests.count(shared_.services.unix_time());
    // Only at RCPT is the envelope known and a refusal of use; what other states say about TLS, RCPT says too.
    const bool is_rcpt = request->protocol_state == "RCPT";
    answer(is_rcpt ? format_answer(handler_.ask(request->request)) : "DUNNO",
           [](Connection& self) { self.wait_for_request(); });
  }

  // Closing without an answer would make Postfix try the same again; a deferral says what to look for.
  void refuse(std::string_view why) {
    shared_.services.log.warning("policy", "cannot read a request; deferring and closing",
                                 {{"error", std::string(why)}});
    timer_.cancel();
    error_code ignored;
    socket_.cancel(ignored);
    answer("451 4.3.5 connectord cannot read this policy request", [](Connection& self) { self.close(); });
  }

  void answer(std::string_view action, void (*then)(Connection&)) {
    reply_ = "action=" + std::string(action) + "\n\n";
    asio::async_write(socket_, asio::buffer(reply_), [self = shared_from_this(), then](error_code error, std::size_t) {
      if (error) return self->close();
      then(*self);
    });
  }

  net::StreamSocket socket_;
  asio::steady_timer timer_;
  Shared& shared_;
  session::PolicyRequestHandler handler_;
  std::string buffer_;
  std::string reply_;
};

}  // namespace

class PolicyServer::Implementation {
 public:
  Implementation(base::FileDescriptor listener, const runtime::Services& services, const PolicyLimits& limits)
      : shared_{services, limits, &server_}, server_(std::move(listener), settings()) {}

  net::StreamServer& server() { return server_; }

 private:
  net::StreamServer::Settings settings() {
    return {shared_.limits.connections,
            [this](net::StreamSocket socket) { return std::make_shared<Connection>(std::move(socket), shared_); },
            [this](std::string_view why) { shared_.services.log.error("policy", why, {}); },
            [this](const net::IpAddress& client) { return doorkeeper_.admits(client); }};
  }

  Shared shared_;
  runtime::Doorkeeper doorkeeper_{shared_.services, engine::Service::policy, "policy"};
  net::StreamServer server_;
};

PolicyServer::PolicyServer(base::FileDescriptor listener, const runtime::Services& services, const PolicyLimits& limits)
    : implementation_(std::make_unique<Implementation>(std::move(listener), services, limits)) {}

PolicyServer::~PolicyServer() {
  stop();
}

void PolicyServer::start() {
  implementation_->server().start();
}

void PolicyServer::stop() {
  implementation_->server().stop();
}

bool PolicyServer::responds(std::chrono::milliseconds limit) {
  return implementation_->server().responds(limit);
}

}  // namespace connectord::policyd
