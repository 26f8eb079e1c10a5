#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "connectord/api/http_server.h"
#include "connectord/net/stream_server.h"
#include "http_stream.h"
#include "http_translation.h"

namespace connectord::api {

// What the connections share; all of it but the pool belongs to the server's one thread.
struct HttpShared {
  HttpServer::Handler handler;
  HttpLimits limits;
  boost::asio::thread_pool pool;
  net::StreamServer* server;
};

// One client.
class HttpConnection : public net::StreamConnection, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::unique_ptr<HttpStream> stream, HttpShared& shared);

  void start() override;
  void close() override;
  bool is_busy() const override { return is_answering_; }

 private:
  using error_code = boost::system::error_code;

  // The socket is closed when the time is over, which ends whatever waits for it.
  void limit(std::chrono::milliseconds time);
  void wait_for_request();
  void read_some(std::size_t size);
  // Takes what has been read, and reads on where that is not a whole request.
  void parse();
  void refuse(const error_code& error);
  void answer();
  void write(Response&& response, unsigned version, bool keep_alive);
  // Has the next piece of an answer of unknown length made, and writes it.
  void write_more(unsigned version, bool keep_alive);
  void write_piece(const std::string& piece, unsigned version, bool keep_alive);
  void end_answer(bool keep_alive);
  // Reads away what the client still sends, for a moment, so that it gets the answer and no reset instead.
  void finish();
  void drain();

  std::unique_ptr<HttpStream> stream_;
  boost::asio::steady_timer timer_;
  HttpShared& shared_;
  Peer peer_;
  boost::beast::flat_buffer buffer_;
  std::optional<HttpParser> parser_;
  std::string response_;               // while it is written
  std::function<std::string()> more_;  // of the answer that is being written
  bool is_head_ = false;
  bool is_answering_ = false;
};

}  // namespace connectord::api
