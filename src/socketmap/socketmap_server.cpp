#include "connectord/socketmap/socketmap_server.h"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "connectord/base/mutex.h"
#include "connectord/delivery/advisor.h"
#include "connectord/net/stream_server.h"
#include "connectord/runtime/doorkeeper.h"
#include "maps.h"
#include "request.h"

namespace connectord::socketmap {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t chunk_bytes = std::size_t{16} << 10;

// By which other threads have something done on the server's one. They may outlive the server; then nothing is done.
class Inbox {
 public:
  void open(const net::StreamSocket::executor_type& thread) {
    const base::MutexLock lock(mutex_);
    if (!is_closed_ && !thread_) thread_ = thread;
  }
  // Nothing is done any more, and the thread is not referred to.
  void close() {
    const base::MutexLock lock(mutex_);
    is_closed_ = true;
    thread_.reset();
  }
  void post(std::function<void()> work) {
    const base::MutexLock lock(mutex_);
    if (thread_) asio::post(*thread_, std::move(work));
  }

 private:
  base::Mutex mutex_;
  std::optional<net::StreamSocket::executor_type> thread_ GUARDED_BY(mutex_);
  bool is_closed_ GUARDED_BY(mutex_) = false;
};

// What the connections share; all of it belongs to the server's one thread.
struct Shared {
  runtime::Services services;
  const session::InFlight& intake;
  SocketmapLimits limits;
  net::StreamServer* server;
  std::size_t waiting_bytes = 0;        // what all connections keep
  std::array<char, chunk_bytes> chunk;  // what was just read; a connection keeps only what it cannot answer yet
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
};

// A request whose answer waits for what a destination publishes. By the configuration that ran when it came.
struct OpenRequest {
  std::string map;
  std::string key;
  runtime::Generation generation;
  delivery::Question question;
  std::optional<std::chrono::steady_clock::time_point> patience_ends{};
  std::uint64_t number = 0;  // of the connection's open ones

  Answer answer(const delivery::Advice& advice) const { return answer_about_tls(generation, map, key, advice); }
};

// What answers a request at once, or the request that must stay open for now.
struct Begun {
  Answer answer;
  std::optional<OpenRequest> open{};
};

// For who reads the mail server's log.
Answer noted(const Shared& shared, std::string_view map, std::string_view key, Answer answer,
             const std::optional<delivery::Advice>& advice) {
  const auto by = told_by(map, answer, advice);
  if (by && shared.services.advisor) shared.services.advisor->told().note(key, *by, shared.services.unix_time());
  return answer;
}

Begun begin_to_answer(const Shared& shared, std::string_view content) {
  if (!shared.intake.open()) return {{Answer::Status::temporary, "connectord is stopping"}};
  const auto request = parse_request(content);
  if (!request) return {{Answer::Status::permanent, "a request is the name of a map, a space, and a key"}};
  shared.services.activity->socketmap_lookups.count(shared.services.unix_time());
  const metrics::Stopwatch stopwatch(shared.services.metrics->stages.with({"socketmap_lookup"}));
  const runtime::Generation generation = shared.services.policies.current();
  auto question = shared.services.advisor ? question_about_tls(generation, request->map, request->key) : std::nullopt;
  if (!question) {
    return {noted(shared, request->map, request->key, look_up(generation, request->map, request->key), {})};
  }
  if (const auto advice = shared.services.advisor->known(*question)) {
    Answer answer = answer_about_tls(generation, request->map, request->key, *advice);
    return {noted(shared, request->map, request->key, std::move(answer), advice)};
  }
  return {{}, OpenRequest{std::string(request->map), std::string(request->key), generation, std::move(*question)}};
}

// One that is idle keeps no buffer, and one that does not take its answers is read no further.
class Connection : public net::StreamConnection, public std::enable_shared_from_this<Connection> {
 public:
  Connection(net::StreamSocket socket, Shared& shared)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), shared_(shared) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
  }
  ~Connection() override { count(0); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() override { wait(); }

  void close() override {
    error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
    shared_.server->forget(*this);
  }

 private:
  void wait() {
    socket_.async_wait(net::StreamSocket::wait_read, [self = shared_from_this()](error_code error) {
      if (error) return self->close();
      self->read();
    });
  }

  void read() {
    error_code error;
    const std::size_t length = socket_.read_some(asio::buffer(shared_.chunk), error);
    if (would_block(error)) return wait();
    if (error) return close();
    const std::string_view chunk(shared_.chunk.data(), length);
    const bool was_waiting = !waiting_.empty();
    if (was_waiting) waiting_.append(chunk);
    const auto answered = answer(was_waiting ? std::string_view(waiting_) : chunk);
    if (!answered) return refuse(answered.error());
    if (was_waiting) {
      drop(waiting_, *answered);
    } else {
      waiting_ = chunk.substr(*answered);
    }
    count(waiting_.size() + replies_.size());
    if (keeps_too_much()) return refuse("too much is under way on all connections together");
    if (open_) return ask_for_advice();
    if (!replies_.empty()) {
      shared_.server->used(*this);
      return reply();
    }
    // The time of a request begins with its first bytes, not anew with each further one.
    if (!was_waiting) limit_time("a request that does not end");
    wait();
  }

  // Nothing is read meanwhile: answers come in the order of the requests, and the client waits for this one.
  void ask_for_advice() {
    shared_.server->used(*this);
    shared_.inbox->open(socket_.get_executor());
    // On the advisor's thread nothing may own the connection, which that would then destroy.
    const auto when_known = [inbox = shared_.inbox, connection = weak_from_this(), number = open_->number] {
      inbox->post([connection, number] {
        if (const auto self = connection.lock()) self->take_advice(number);
      });
    };
    const auto ends = shared_.services.advisor->ask(open_->question, when_known);
    if (!open_->patience_ends || ends < *open_->patience_ends) open_->patience_ends = ends;
    timer_.expires_at(*open_->patience_ends);
    timer_.async_wait([self = shared_from_this(), number = open_->number](error_code cancelled) {
      if (!cancelled) self->take_advice(number);
    });
  }

  void take_advice(std::uint64_t number) {
    if (!open_ || open_->number != number || !socket_.is_open()) return;
    auto advice = shared_.services.advisor->known(open_->question);
    const bool is_over = std::chrono::steady_clock::now() >= *open_->patience_ends;
    if (!advice && is_over) advice = shared_.services.advisor->at_last(open_->question);
    // Others had it asked, and not for all that counts here.
    if (!advice) return ask_for_advice();
    timer_.cancel();
    const Answer answered_now = noted(shared_, open_->map, open_->key, open_->answer(*advice), advice);
    replies_ += to_netstring(to_string(answered_now));
    open_.reset();
    const auto answered = answer(waiting_);
    if (!answered) return refuse(answered.error());
    drop(waiting_, *answered);
    count(waiting_.size() + replies_.size());
    if (keeps_too_much()) return refuse("too much is under way on all connections together");
    open_ ? ask_for_advice() : reply();
  }

  // Answers the requests that have arrived whole, and says how many bytes they were. Stops behind one that stays open.
  tl::expected<std::size_t, std::string> answer(std::string_view bytes) {
    const std::size_t all = bytes.size();
    for (;;) {
      const auto netstring = read_netstring(bytes, shared_.limits.request_bytes);
      if (!netstring) return tl::unexpected(netstring.error());
      if (!*netstring) return all - bytes.size();
      Begun begun = begin_to_answer(shared_, (*netstring)->content);
      bytes.remove_prefix((*netstring)->size);
      if (begun.open) {
        open_ = std::move(begun.open);
        open_->number = ++opened_;
        return all - bytes.size();
      }
      replies_ += to_netstring(to_string(begun.answer));
    }
  }

  void reply() {
    timer_.cancel();
    error_code error;
    const std::size_t sent = socket_.write_some(asio::buffer(replies_), error);
    if (error && !would_block(error)) return close();
    if (sent == replies_.size()) return replied();
    replies_.erase(0, sent);
    limit_time("answers that nobody takes");
    asio::async_write(socket_, asio::buffer(replies_), [self = shared_from_this()](error_code failed, std::size_t) {
      self->timer_.cancel();
      if (failed) return self->close();
      self->replied();
    });
  }

  void replied() {
    drop(replies_, replies_.size());
    count(waiting_.size());
    if (!waiting_.empty()) limit_time("a request that does not end");
    wait();
  }

  void limit_time(std::string_view what) {
    timer_.expires_after(shared_.limits.exchange_time);
    timer_.async_wait([self = shared_from_this(), what](error_code cancelled) {
      if (!cancelled) self->refuse(what);
    });
  }

  // Counts what this connection keeps.
  void count(std::size_t bytes) { shared_.waiting_bytes += bytes - std::exchange(counted_, bytes); }

  // All connections together do, and this one takes part in it.
  bool keeps_too_much() const {
    return counted_ > shared_.limits.own_bytes && shared_.waiting_bytes > shared_.limits.waiting_bytes;
  }

  // The mail server then asks again, over another connection, and defers the mail if it must.
  void refuse(std::string_view why) {
    shared_.services.log.warning("socketmap", "closing a connection", {{"error", std::string(why)}});
    close();
  }

  // An idle connection keeps no more than a usual answer takes.
  static void drop(std::string& text, std::size_t size) {
    constexpr std::size_t usual = 1024;
    text.erase(0, size);
    if (text.empty() && text.capacity() > usual) text.shrink_to_fit();
  }

  static bool would_block(error_code error) {
    return error == asio::error::would_block || error == asio::error::try_again;
  }

  net::StreamSocket socket_;
  asio::steady_timer timer_;
  Shared& shared_;
  std::string waiting_;  // the beginning of a request
  std::string replies_;
  std::optional<OpenRequest> open_;
  std::uint64_t opened_ = 0;
  std::size_t counted_ = 0;
};

}  // namespace

class SocketmapServer::Implementation {
 public:
  Implementation(base::FileDescriptor listener, const runtime::Services& services, const session::InFlight& intake,
                 const SocketmapLimits& limits)
      : shared_{.services = services, .intake = intake, .limits = limits, .server = &server_, .chunk = {}},
        server_(std::move(listener), settings()) {}

  ~Implementation() { shared_.inbox->close(); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  net::StreamServer& server() { return server_; }

 private:
  net::StreamServer::Settings settings() {
    return {shared_.limits.connections,
            [this](net::StreamSocket socket) { return std::make_shared<Connection>(std::move(socket), shared_); },
            [this](std::string_view why) { shared_.services.log.error("socketmap", why, {}); },
            [this](const net::IpAddress& client) { return doorkeeper_.admits(client); }};
  }

  Shared shared_;
  runtime::Doorkeeper doorkeeper_{shared_.services, engine::Service::socketmap, "socketmap"};
  net::StreamServer server_;
};

SocketmapServer::SocketmapServer(base::FileDescriptor listener, const runtime::Services& services,
                                 const session::InFlight& intake, const SocketmapLimits& limits)
    : implementation_(std::make_unique<Implementation>(std::move(listener), services, intake, limits)) {}

SocketmapServer::~SocketmapServer() {
  stop();
}

void SocketmapServer::start() {
  implementation_->server().start();
}

void SocketmapServer::stop() {
  implementation_->server().stop();
}

bool SocketmapServer::responds(std::chrono::milliseconds limit) {
  return implementation_->server().responds(limit);
}

}  // namespace connectord::socketmap
