#include "milter_client.h"

#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace connectord::bench {
namespace {

// Postfix's milter8.c and vstream.h.
constexpr std::size_t body_chunk = 65535;
constexpr std::size_t write_buffer = 4096;
constexpr std::size_t read_buffer = 4096;
constexpr std::uint32_t largest_packet = 1U << 20;

// For the commands that bring no macros with them.
constexpr int no_stage = -1;

// What Postfix 3.7 sends to a filter that asks for no lists of its own.
std::array<std::vector<std::string>, 7> postfix_macros() {
  std::array<std::vector<std::string>, 7> lists;
  lists[SMFIM_CONNECT] = {"j", "{daemon_name}", "{daemon_addr}", "v", "_"};
  lists[SMFIM_HELO] = {"{tls_version}", "{cipher}", "{cipher_bits}", "{cert_subject}", "{cert_issuer}"};
  lists[SMFIM_ENVFROM] = {"i",           "{auth_type}", "{auth_authen}", "{auth_author}",
                          "{mail_addr}", "{mail_host}", "{mail_mailer}"};
  lists[SMFIM_ENVRCPT] = {"i", "{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}"};
  lists[SMFIM_DATA] = {"i"};
  lists[SMFIM_EOH] = {"i"};
  lists[SMFIM_EOM] = {"i"};
  return lists;
}

std::string number(std::uint32_t value) {
  const std::uint32_t in_network_order = htonl(value);
  return {reinterpret_cast<const char*>(&in_network_order), sizeof in_network_order};
}

std::uint32_t number_at(std::string_view bytes) {
  std::uint32_t in_network_order = 0;
  if (bytes.size() < sizeof in_network_order) throw ProtocolError("a packet ends too soon");
  std::memcpy(&in_network_order, bytes.data(), sizeof in_network_order);
  return ntohl(in_network_order);
}

std::string text(std::string_view value) {
  return std::string(value) + '\0';
}

std::string path(std::string_view address) {
  return text("<" + std::string(address) + ">");
}

[[noreturn]] void fail(const std::string& what) {
  throw ProtocolError(what + ": " + std::strerror(errno));
}

base::FileDescriptor connect_unix(const std::string& path) {
  base::FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("cannot connect");
  return fd;
}

base::FileDescriptor connect_inet(const net::Endpoint& endpoint) {
  base::FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  if (::inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr) != 1) {
    throw ProtocolError("a numeric IPv4 address is needed, not " + endpoint.host);
  }
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("cannot connect");
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

base::FileDescriptor connect_to(const net::Endpoint& endpoint) {
  const bool is_unix = endpoint.kind == net::Endpoint::Kind::unix_socket;
  base::FileDescriptor fd = is_unix ? connect_unix(endpoint.path) : connect_inet(endpoint);
  // A filter that says nothing must not keep the measurement from ending.
  const timeval timeout{.tv_sec = 60, .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  return fd;
}

}  // namespace

MilterClient::MilterClient(const net::Endpoint& endpoint, Macros macros)
    : socket_(connect_to(endpoint)), macros_(std::move(macros)), wanted_macros_(postfix_macros()) {}

void MilterClient::begin(const Client& client) {
  negotiate();
  const std::uint16_t port = htons(client.port);
  std::string content = text(client.name) + SMFIA_INET;
  content.append(reinterpret_cast<const char*>(&port), sizeof port);
  content += text(client.address);
  const bool welcome = say(SMFIC_CONNECT, SMFIM_CONNECT, content, SMFIP_NOCONNECT, SMFIP_NR_CONN) == Answer::go_on &&
                       say(SMFIC_HELO, SMFIM_HELO, text(client.helo), SMFIP_NOHELO, SMFIP_NR_HELO) == Answer::go_on;
  if (!welcome) throw ProtocolError("the filter refuses the connection");
  flush();
}

void MilterClient::negotiate() {
  put(SMFIC_OPTNEG, number(SMFI_VERSION) + number(SMFI_CURR_ACTS) + number(SMFI_CURR_PROT));
  flush();
  const auto [letter, content] = get();
  if (letter != SMFIC_OPTNEG) throw ProtocolError("the filter does not negotiate");
  constexpr std::size_t flags = 8;
  constexpr std::size_t fixed = 12;
  steps_ = number_at(content.substr(std::min(flags, content.size())));
  take_macro_lists(content.substr(fixed));
}

// A stage that the filter gives a list for has that list instead of ours: names with spaces between them.
void MilterClient::take_macro_lists(std::string_view lists) {
  while (!lists.empty()) {
    const std::uint32_t stage = number_at(lists);
    lists.remove_prefix(sizeof stage);
    std::string_view names = lists.substr(0, lists.find('\0'));
    lists.remove_prefix(std::min(names.size() + 1, lists.size()));
    if (stage >= wanted_macros_.size()) throw ProtocolError("macros for a stage that there is not");
    wanted_macros_[stage].clear();
    while (!names.empty()) {
      const std::string_view name = names.substr(0, names.find(' '));
      if (!name.empty()) wanted_macros_[stage].emplace_back(name);
      names.remove_prefix(std::min(name.size() + 1, names.size()));
    }
  }
}

bool MilterClient::send(const MailMessage& message, std::string_view queue_id) {
  last_inserted_.clear();
  const bool passes = say_envelope(message) && say_content(message, queue_id);
  if (!passes) {
    put(SMFIC_ABORT, {});
    flush();
  }
  return passes;
}

bool MilterClient::say_envelope(const MailMessage& message) {
  if (say(SMFIC_MAIL, SMFIM_ENVFROM, path(message.mail_from), SMFIP_NOMAIL, SMFIP_NR_MAIL) != Answer::go_on) {
    return false;
  }
  return std::all_of(message.rcpt_to.begin(), message.rcpt_to.end(), [this](const std::string& recipient) {
    return say(SMFIC_RCPT, SMFIM_ENVRCPT, path(recipient), SMFIP_NORCPT, SMFIP_NR_RCPT) == Answer::go_on;
  });
}

bool MilterClient::say_content(const MailMessage& message, std::string_view queue_id) {
  if (say(SMFIC_DATA, SMFIM_DATA, {}, SMFIP_NODATA, SMFIP_NR_DATA, queue_id) == Answer::refused) return false;
  const bool with_space = (steps_ & SMFIP_HDR_LEADSPC) != 0;
  for (const auto& [name, value] : message.headers) {
    const std::string_view sent = with_space || value.empty() || value.front() != ' '
                                      ? std::string_view(value)
                                      : std::string_view(value).substr(1);
    const std::string content = text(name) + text(sent);
    if (say(SMFIC_HEADER, no_stage, content, SMFIP_NOHDRS, SMFIP_NR_HDR) == Answer::refused) return false;
  }
  if (say(SMFIC_EOH, SMFIM_EOH, {}, SMFIP_NOEOH, SMFIP_NR_EOH, queue_id) == Answer::refused) return false;
  if (!say_body(message.body)) return false;
  return say(SMFIC_BODYEOB, SMFIM_EOM, {}, 0, 0, queue_id) != Answer::refused;
}

bool MilterClient::say_body(std::string_view body) {
  while (!body.empty()) {
    const std::string_view chunk = body.substr(0, body_chunk);
    const Answer answer = say(SMFIC_BODY, no_stage, chunk, SMFIP_NOBODY, SMFIP_NR_BODY);
    if (answer != Answer::go_on) return answer == Answer::skip;
    body.remove_prefix(chunk.size());
  }
  return true;
}

void MilterClient::end() {
  put(SMFIC_QUIT, {});
  flush();
}

MilterClient::Answer MilterClient::say(char command, int stage, std::string_view content, std::uint32_t unwanted,
                                       std::uint32_t silent, std::string_view queue_id) {
  if (!wants(unwanted)) return Answer::go_on;
  if (stage != no_stage) send_macros(stage, command, queue_id);
  put(command, content);
  if ((steps_ & silent) != 0) return Answer::go_on;
  flush();
  return await_answer();
}

void MilterClient::send_macros(int stage, char command, std::string_view queue_id) {
  std::string content(1, command);
  for (const std::string& name : wanted_macros_[static_cast<std::size_t>(stage)]) {
    if (name == "i") {
      if (!queue_id.empty()) content += text(name) + text(queue_id);
    } else if (const auto found = macros_.find(name); found != macros_.end()) {
      content += text(name) + text(found->second);
    }
  }
  put(SMFIC_MACRO, content);
}

MilterClient::Answer MilterClient::await_answer() {
  for (;;) {
    const auto [letter, content] = get();
    switch (letter) {
      case SMFIR_CONTINUE:
      case SMFIR_ACCEPT:
        return Answer::go_on;
      case SMFIR_SKIP:
        return Answer::skip;
      case SMFIR_REJECT:
      case SMFIR_TEMPFAIL:
      case SMFIR_DISCARD:
      case SMFIR_REPLYCODE:
        return Answer::refused;
      case SMFIR_ADDHEADER:
        note_inserted(content);
        break;
      case SMFIR_INSHEADER:
        note_inserted(content.substr(std::min(sizeof(std::uint32_t), content.size())));
        break;
      case SMFIR_CHGHEADER:
      case SMFIR_QUARANTINE:
      case SMFIR_PROGRESS:
        break;
      default:
        throw ProtocolError(std::string("an answer that is not known: ") + letter);
    }
  }
}

void MilterClient::note_inserted(std::string_view name_and_value) {
  ++headers_inserted_;
  const std::string_view name = name_and_value.substr(0, name_and_value.find('\0'));
  const std::string_view value = name_and_value.substr(std::min(name.size() + 1, name_and_value.size()));
  last_inserted_.push_back(std::string(name) + ":" + std::string(value.substr(0, value.find('\0'))));
}

void MilterClient::put(char command, std::string_view content) {
  out_ += number(static_cast<std::uint32_t>(content.size() + 1));
  out_ += command;
  out_ += content;
  if (out_.size() >= write_buffer) flush();
}

void MilterClient::flush() {
  std::string_view rest = out_;
  while (!rest.empty()) {
    const ssize_t written = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("cannot write to the filter");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  out_.clear();
}

std::pair<char, std::string_view> MilterClient::get() {
  in_.erase(0, consumed_);
  consumed_ = 0;
  constexpr std::size_t prefix = sizeof(std::uint32_t);
  fill(prefix);
  const std::uint32_t size = number_at(in_);
  if (size == 0 || size > largest_packet) throw ProtocolError("a packet of an impossible size");
  fill(prefix + size);
  consumed_ = prefix + size;
  return {in_[prefix], std::string_view(in_).substr(prefix + 1, size - 1)};
}

void MilterClient::fill(std::size_t size) {
  while (in_.size() < size) {
    std::array<char, read_buffer> bytes{};
    const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) throw ProtocolError("the filter hangs up");
    if (got < 0) fail("cannot read from the filter");
    in_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace connectord::bench
