#include "health_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <string_view>
#include <utility>

#include "connectord/net/abstract_socket.h"

namespace connectord::daemon {
namespace {

// Others wait meanwhile, so the limit is one of the whole text, however slowly it is read.
void send_all(const base::FileDescriptor& connection, std::string_view text) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::seconds limit{5};
  const auto deadline = Clock::now() + limit;
  while (!text.empty()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return;
    net::set_time_limit(connection, left);
    const ssize_t sent = ::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void answer(const base::FileDescriptor& connection, const std::function<std::string()>& document) {
  const auto peer = net::peer_uid(connection);
  if (!peer || (*peer != 0 && *peer != ::geteuid())) return;
  try {
    send_all(connection, document());
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no memory now; whoever asked sees no answer
  }
}

void serve(const base::FileDescriptor& listener, const std::function<std::string()>& document) {
  for (;;) {
    const base::FileDescriptor connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.get() >= 0) {
      answer(connection, document);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      std::this_thread::sleep_for(std::chrono::seconds(1));  // no more files can be opened
    }
  }
}

}  // namespace

tl::expected<void, std::string> HealthServer::open(const std::string& name) {
  auto listener = net::listen_abstract(name);
  if (!listener) return tl::unexpected(listener.error());
  listener_ = std::move(*listener);
  return {};
}

void HealthServer::start(std::function<std::string()> document) {
  if (listener_.get() < 0) return;
  // The process ends by _Exit, under the thread.
  std::thread([listener = std::move(listener_), document = std::move(document)] {
    serve(listener, document);
  }).detach();
}

}  // namespace connectord::daemon
