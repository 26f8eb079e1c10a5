#include "connectord/sts/https.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "connectord/base/text.h"
#include "connectord/smtp/smtp_client.h"

namespace connectord::sts {
namespace {

namespace http = boost::beast::http;

constexpr std::uint16_t https_port = 443;
constexpr std::uint32_t max_head_length = 16U << 10U;

// Reads an answer as its bytes come.
class AnswerParser {
 public:
  explicit AnswerParser(std::size_t most) {
    parser_.body_limit(most);
    parser_.header_limit(max_head_length);
    parser_.eager(true);
  }

  tl::expected<void, std::string> give(std::string_view bytes) {
    unread_ += bytes;
    boost::system::error_code error;
    const std::size_t used = parser_.put(boost::asio::buffer(unread_), error);
    unread_.erase(0, used);
    if (error && error != http::error::need_more) return tl::unexpected(error.message());
    if (unread_.size() > max_head_length) return tl::unexpected(std::string("not an answer of HTTP"));
    return {};
  }

  // The connection has ended; true if that is also the end of the answer.
  bool end() {
    boost::system::error_code error;
    if (!parser_.is_done() && parser_.got_some()) parser_.put_eof(error);
    return !error && parser_.is_done();
  }

  bool is_done() const { return parser_.is_done(); }

  HttpsAnswer take() {
    auto message = parser_.release();
    const auto type = message[http::field::content_type];
    return {message.result_int(), std::string(type.data(), type.size()), std::move(message.body()), 0};
  }

 private:
  http::response_parser<http::string_body> parser_;
  std::string unread_;
};

// Why the certificate does not let us believe that this is the host; empty if it does.
std::string problem_with(const smtp::TlsSession& session, const std::string& host, const tls::TrustStore& trusted,
                         std::int64_t now) {
  const tls::ChainVerdict verdict = tls::verify(session.chain, trusted, now);
  if (!verdict.trusted()) return verdict.problem;
  if (!verdict.out_of_date.empty()) return verdict.out_of_date;
  if (!tls::names_server(session.chain.front(), host)) {
    return "the certificate is for " + tls::names_of(session.chain.front());
  }
  return {};
}

tl::expected<HttpsAnswer, std::string> read_answer(smtp::Connection& connection, std::size_t most,
                                                   smtp::Deadline deadline, std::chrono::milliseconds limit) {
  constexpr std::size_t piece = 8192;
  AnswerParser parser(most);
  while (!parser.is_done()) {
    std::array<char, piece> buffer{};
    const auto size = connection.read(buffer, deadline);
    if (!size && size.error().kind == smtp::Failure::Kind::closed && parser.end()) break;
    if (!size) return tl::unexpected(smtp::words_of(size.error(), limit));
    if (auto given = parser.give({buffer.data(), *size}); !given) return tl::unexpected(given.error());
  }
  return parser.take();
}

}  // namespace

tl::expected<HttpsAnswer, std::string> parse_http_answer(std::string_view bytes, std::size_t most) {
  AnswerParser parser(most);
  if (auto given = parser.give(bytes); !given) return tl::unexpected(given.error());
  if (!parser.is_done() && !parser.end()) return tl::unexpected(std::string("the answer is cut short"));
  return parser.take();
}

tl::expected<HttpsAnswer, std::string> https_get(const std::string& host, const net::IpAddress& address,
                                                 const std::string& path, std::size_t most, const HttpsClient& client) {
  const auto limit = client.reply_limit;
  const auto connection =
      client.network.connect(address, https_port, std::nullopt, client.deadline(client.connect_limit));
  if (!connection) return tl::unexpected(smtp::words_of(connection.error(), client.connect_limit));
  const smtp::Deadline deadline = client.deadline(limit);
  const auto session = (*connection)->start_tls({.server_name = host}, deadline);
  if (!session) return tl::unexpected("TLS: " + smtp::words_of(session.error(), limit));
  if (session->version < model::TlsVersion::tls1_2) return tl::unexpected(std::string("TLSv1.2 or later is needed"));
  if (std::string problem = problem_with(*session, host, client.trusted, client.unix_time); !problem.empty()) {
    return tl::unexpected(std::move(problem));
  }
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + host +
                              "\r\nUser-Agent: connectord\r\nAccept: text/plain\r\nConnection: close\r\n\r\n";
  if (auto sent = (*connection)->write(request, deadline); !sent)
    return tl::unexpected(smtp::words_of(sent.error(), limit));
  auto answer = read_answer(**connection, most, deadline, limit);
  if (answer) answer->certificate_end = session->chain.front().not_after;
  return answer;
}

}  // namespace connectord::sts
