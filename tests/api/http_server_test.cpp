#include "connectord/api/http_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "log/recording_log.h"

namespace connectord::api {
namespace {

// A server on a unix socket that answers with what it was asked.
class HttpServerThread : public testing::Test {
 protected:
  std::string path_ = testing::TempDir() + "http-server-" + std::to_string(::getpid()) + ".sock";
  net::Endpoint endpoint_ = net::Endpoint::parse("unix:" + path_).value();
  test::RecordingLog log_;
  HttpLimits limits_;
  std::unique_ptr<HttpServer> server_;

  void start() {
    auto listener = net::listen_on(endpoint_, {});
    ASSERT_TRUE(listener) << listener.error();
    auto server = HttpServer::make(
        std::move(*listener), {},
        [](const Request& request) {
          if (request.target == "/pieces") return pieces(3);
          if (request.target == "/broken") return pieces(-1);
          return Response{200, "text/plain", request.method + " " + request.target + " " + request.body, {}};
        },
        log_, limits_);
    ASSERT_TRUE(server) << server.error();
    server_ = std::move(*server);
    server_->start();
  }
  void TearDown() override {
    if (server_) server_->stop();
    net::remove(endpoint_);
  }

  // An answer of unknown length; a negative number of pieces: it breaks off after the first.
  static Response pieces(int most) {
    Response response{200, "text/plain", "begin,", {}};
    response.more = [left = most]() mutable -> std::string {
      if (left < -1) throw std::runtime_error("the trace is gone");
      if (left == 0) return "";
      return "piece " + std::to_string(left--) + ",";
    };
    return response;
  }

  base::FileDescriptor connect() const {
    base::FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  static void send(const base::FileDescriptor& fd, std::string_view text) {
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // All up to the end.
  static std::string receive(const base::FileDescriptor& fd) {
    std::string received;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 0; (count = ::recv(fd.get(), buffer.data(), buffer.size(), 0)) > 0;) {
      received.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return received;
  }
  std::string ask(std::string_view text) const {
    const auto fd = connect();
    send(fd, text);
    return receive(fd);
  }
};

TEST_F(HttpServerThread, AnswersRequestsOneAfterTheOtherOnOneConnection) {
  start();
  const std::string answers =
      ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
          "2\r\n\r\nhi");
  EXPECT_NE(answers.find("GET /a "), std::string::npos) << answers;
  EXPECT_TRUE(answers.ends_with("POST /b hi")) << answers;
}

TEST_F(HttpServerThread, SendsAnAnswerOfUnknownLengthInChunks) {
  start();
  const std::string answers =
      ask("GET /pieces HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answers.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << answers;
  EXPECT_NE(answers.find("\r\n\r\n6\r\nbegin,\r\n8\r\npiece 3,\r\n8\r\npiece 2,\r\n8\r\npiece 1,\r\n0\r\n\r\n"),
            std::string::npos)
      << answers;
  EXPECT_TRUE(answers.ends_with("GET /next ")) << answers;
}

TEST_F(HttpServerThread, EndsAnAnswerOfUnknownLengthByHangingUpOnOldClients) {
  start();
  const std::string answer = ask("GET /pieces HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\nbegin,piece 3,piece 2,piece 1,")) << answer;
  EXPECT_EQ(answer.find("chunked"), std::string::npos);
  const std::string head = ask("HEAD /pieces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST_F(HttpServerThread, LeavesTheEndOffWhereAPieceCannotBeHad) {
  start();
  const std::string answer = ask("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("piece -1,\r\n")) << answer;
}

TEST_F(HttpServerThread, AnswersHeadWithoutABody) {
  start();
  const std::string answer = ask("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 7"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(HttpServerThread, SaysWhatIsWrongAndHangsUp) {
  limits_.header_bytes = 200;
  limits_.body_bytes = 10;
  start();
  EXPECT_NE(ask("nonsense\r\n\r\n").find(" 400 "), std::string::npos);
  EXPECT_NE(ask("GET / HTTP/1.1\r\nX: " + std::string(300, 'x') + "\r\n\r\n").find(" 431 "), std::string::npos);
  EXPECT_NE(ask("PUT / HTTP/1.1\r\nContent-Length: 11\r\n\r\n").find(" 413 "), std::string::npos);
  EXPECT_NE(ask("GET / HTTP/1.1\r\n\r\n").find(" 400 "), std::string::npos);
  EXPECT_NE(ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").find(" 400 "), std::string::npos);
  EXPECT_NE(ask("GET / HTTP/1.0\r\n\r\n").find(" 200 "), std::string::npos);
  EXPECT_NE(ask("GET / HTTP/1.1\r\nHost: x\r\nIf-Match: a\r\nIf-Match: b\r\n\r\n").find(" 400 "), std::string::npos);
}

TEST_F(HttpServerThread, TakesOnlyRequestsWhoseEndCanBeReadInOneWay) {
  start();
  // What follows would be another request, if the first one were read otherwise than a proxy before us has read it.
  const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
  struct Case {
    const char* title;
    std::string fields;
  };
  for (const auto& [title, fields] : {
           Case{"a coding that is none", "Transfer-Encoding: xchunked\r\n"},
           Case{"one before chunked", "Transfer-Encoding: gzip, chunked\r\n"},
           Case{"one behind chunked", "Transfer-Encoding: chunked, identity\r\n"},
           Case{"chunked twice", "Transfer-Encoding: chunked, chunked\r\n"},
           Case{"chunked in two fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"},
           Case{"one in each of two fields", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"},
           Case{"with a parameter", "Transfer-Encoding: chunked;q=1\r\n"},
           Case{"in quotes", "Transfer-Encoding: \"chunked\"\r\n"},
           Case{"behind a vertical tab", "Transfer-Encoding: \vchunked\r\n"},
           Case{"empty", "Transfer-Encoding:\r\n"},
           Case{"with a length behind it", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"},
           Case{"with a length before it", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"},
           Case{"another coding, with a length", "Content-Length: 0\r\nTransfer-Encoding: xchunked\r\n"},
           Case{"a space before the colon", "Transfer-Encoding : chunked\r\n"},
           Case{"two lengths", "Content-Length: 0\r\nContent-Length: 5\r\n"},
           Case{"the same length twice", "Content-Length: 0\r\nContent-Length: 0\r\n"},
           Case{"the same length twice in one field", "Content-Length: 0, 0\r\n"},
           Case{"a length with a sign", "Content-Length: +0\r\n"},
           Case{"a length in hexadecimal", "Content-Length: 0x0\r\n"},
           Case{"an empty length", "Content-Length:\r\n"},
           Case{"no length that fits", "Content-Length: 18446744073709551616\r\n"},
       }) {
    const std::string answer = ask("POST /seen HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n0\r\n\r\n" + hidden);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << title << ": " << answer;
    EXPECT_EQ(answer.find("/seen"), std::string::npos) << title << ": " << answer;
    EXPECT_EQ(answer.find("/hidden"), std::string::npos) << title << ": " << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << title << ": " << answer;
  }
  EXPECT_TRUE(ask("POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: Chunked\r\n\r\n"
                  "2\r\nhi\r\n0\r\n\r\n")
                  .ends_with("POST /a hi"));
  EXPECT_TRUE(
      ask("POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n").starts_with("HTTP/1.0 400 "))
      << "HTTP/1.0 has no codings (RFC 9112, 6.1)";
}

TEST_F(HttpServerThread, TakesOnlyHostsThatAreHosts) {
  start();
  const auto status = [this](std::string_view host) {
    return ask("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\nConnection: close\r\n\r\n").substr(9, 3);
  };
  for (const char* host : {"mx.example.net", "mx.example.net:8025", "127.0.0.1:8025", "[::1]:8025", "[2001:db8::1]",
                           "a_b", "localhost:"}) {
    EXPECT_EQ(status(host), "200") << host;
  }
  for (const char* host : {"a b",   "a,b",      "a/b",      "a@b",    "user:pw@a",
                           "a:b",   "a:80:80",  "http://a", "[::1",   "::1",
                           "[a b]", "a:123456", "a?b",      "a#b",    "a\\b",
                           "\"a\"", "<a>",      "",         "%6d%78", "m\xc3\xbcller.example",
                           "[]"}) {
    EXPECT_EQ(status(host), "400") << host;
  }
}

TEST_F(HttpServerThread, HangsUpOnWhoDoesNotFinishInTime) {
  limits_.request_time = std::chrono::milliseconds(50);
  limits_.idle_time = std::chrono::milliseconds(50);
  start();
  const auto begun = connect();
  send(begun, "GET / HT");
  EXPECT_EQ(receive(begun), "");
  EXPECT_EQ(receive(connect()), "");
}

TEST_F(HttpServerThread, AnswersThoughOthersHoldAllConnectionsOpen) {
  limits_.connections = 20;
  start();
  std::vector<base::FileDescriptor> silent;
  for (int i = 0; i < 40; ++i) {
    silent.push_back(connect());
    send(silent.back(), "G");
  }
  EXPECT_NE(ask("GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").find(" 200 "), std::string::npos);
  EXPECT_EQ(receive(silent.front()), "") << "the oldest one gave way";
  ASSERT_FALSE(log_.lines().empty());
  EXPECT_NE(log_.lines().front().find("too many connections"), std::string::npos) << log_.lines().front();
}

TEST_F(HttpServerThread, ServesManyAtOnce) {
  start();
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([this] {
      for (int j = 0; j < 20; ++j) {
        EXPECT_TRUE(ask("GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ends_with("GET /x "));
      }
    });
  }
}

TEST_F(HttpServerThread, EndsWithConnectionsOpen) {
  start();
  const auto idle = connect();
  const auto begun = connect();
  // Answered, so both are surely taken.
  EXPECT_TRUE(ask("GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ends_with("GET /x "));
  send(begun, "GET / HT");
  server_->stop();
  EXPECT_EQ(receive(begun), "");
}

}  // namespace
}  // namespace connectord::api
