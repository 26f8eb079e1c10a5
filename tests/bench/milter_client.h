#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectord/net/endpoint.h"
#include "connectord/net/listener.h"

namespace connectord::bench {

// The filter hung up, was silent for too long, or said what no MTA understands.
class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Client {
  std::string name = "mail.partner.example";
  std::string address = "203.0.113.7";
  std::uint16_t port = 0;
  std::string helo = "mail.partner.example";
};

struct MailMessage {
  std::string mail_from;  // without angle brackets
  std::vector<std::string> rcpt_to;
  std::vector<std::pair<std::string, std::string>> headers;  // values with the space behind the colon
  std::string body;
};

// One connection of a mail server to a filter, in the milter protocol, version 6: what Postfix sends, in its order,
// with its macros, its chunks and its buffering, so that a filter has the same work with it. Functions throw
// ProtocolError.
class MilterClient {
 public:
  // Macros' names and values, with braces where they have them. `i`, the queue ID, is added to each message from its
  // headers on, as in Postfix.
  using Macros = std::map<std::string, std::string>;

  MilterClient(const net::Endpoint& endpoint, Macros macros);

  // Option negotiation, CONNECT and HELO.
  void begin(const Client& client);
  // From MAIL to the end of the message. True if the filter let it pass, false if it refused any part.
  bool send(const MailMessage& message, std::string_view queue_id);
  // QUIT.
  void end();

  // Header fields that the filter had inserted or added, all messages together.
  std::size_t headers_inserted() const { return headers_inserted_; }
  // Those of the last message, as "Name: value".
  const std::vector<std::string>& last_inserted() const { return last_inserted_; }

 private:
  enum class Answer : std::uint8_t { go_on, skip, refused };

  void negotiate();
  void take_macro_lists(std::string_view lists);
  bool wants(std::uint32_t unwanted) const { return (steps_ & unwanted) == 0; }
  void send_macros(int stage, char command, std::string_view queue_id);
  Answer say(char command, int stage, std::string_view content, std::uint32_t unwanted, std::uint32_t silent,
             std::string_view queue_id = {});
  bool say_envelope(const MailMessage& message);
  bool say_content(const MailMessage& message, std::string_view queue_id);
  bool say_body(std::string_view body);
  Answer await_answer();
  void note_inserted(std::string_view name_and_value);

  void put(char command, std::string_view content);
  void flush();
  // A packet's letter and content; the content stays until the next call.
  std::pair<char, std::string_view> get();
  void fill(std::size_t size);

  base::FileDescriptor socket_;
  Macros macros_;
  std::array<std::vector<std::string>, 7> wanted_macros_;
  std::uint32_t steps_ = 0;
  std::size_t headers_inserted_ = 0;
  std::vector<std::string> last_inserted_;
  std::string out_;
  std::string in_;
  std::size_t consumed_ = 0;
};

}  // namespace connectord::bench
