#include "postfix_list.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/net/ip_address.h"

namespace connectord::mta {
namespace {

constexpr std::string_view separators = ", \t\r\n";

bool is_separator(char c) {
  return separators.find(c) != std::string_view::npos;
}

std::size_t end_of_word(std::string_view list, std::size_t begin) {
  int depth = 0;
  for (std::size_t i = begin; i < list.size(); ++i) {
    if (list[i] == '{') ++depth;
    if (list[i] == '}') --depth;
    if (depth <= 0 && is_separator(list[i])) return i;
  }
  return list.size();
}

std::string normal(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().string();
}

// "{ unix:x, default_action=accept }" without its braces.
std::string_view without_braces(std::string_view word) {
  if (!word.starts_with('{') || !word.ends_with('}') || word.size() < 2) return word;
  return word.substr(1, word.size() - 2);
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  const auto address = net::IpAddress::parse(host);
  return address && address->is_loopback();
}

bool is_unspecified(const std::string& host) {
  return host == "0.0.0.0" || net::IpAddress::parse(host) == net::IpAddress();
}

// In a chroot an absolute path, too, begins at the queue directory.
bool same_socket(const std::string& path, const std::string& ours, const std::string& queue_directory) {
  const std::string wanted = normal(ours);
  return normal(path) == wanted || normal(queue_directory + "/" + path) == wanted;
}

bool same_port(const net::Endpoint& there, const net::Endpoint& ours) {
  if (there.port != ours.port) return false;
  return there.host == ours.host || (is_loopback(there.host) && (is_loopback(ours.host) || is_unspecified(ours.host)));
}

}  // namespace

std::vector<ListWord> list_words(std::string_view list) {
  std::vector<ListWord> words;
  for (std::size_t i = 0; i < list.size();) {
    if (is_separator(list[i])) {
      ++i;
      continue;
    }
    const std::size_t end = end_of_word(list, i);
    words.push_back({list.substr(i, end - i), i, end});
    i = end;
  }
  return words;
}

std::string without_words(std::string_view list, const std::vector<ListWord>& words, std::size_t first,
                          std::size_t last) {
  const bool is_last = last + 1 == words.size();
  // Either the space behind goes too, or, of the last words, the one in front.
  const std::size_t begin = is_last && first > 0 ? words[first - 1].end : words[first].begin;
  const std::size_t end = is_last ? list.size() : words[last + 1].begin;
  return std::string(list.substr(0, begin)).append(list.substr(end));
}

std::string with_first(const std::string& word, const std::string& list) {
  return list.empty() ? word : word + ", " + list;
}

std::string with_last(const std::string& list, const std::string& word) {
  return list.empty() ? word : list + ", " + word;
}

std::string service_word(const net::Endpoint& endpoint, const std::string& queue_directory) {
  if (endpoint.kind == net::Endpoint::Kind::unix_socket) {
    const std::string path = normal(endpoint.path);
    const std::string below = normal(queue_directory) + "/";
    return "unix:" + (path.starts_with(below) ? path.substr(below.size()) : path);
  }
  net::Endpoint reached = endpoint;
  if (is_unspecified(reached.host)) reached.host = reached.host == "0.0.0.0" ? "127.0.0.1" : "::1";
  return reached.to_string();
}

bool names_service(std::string_view word, const net::Endpoint& endpoint, const std::string& queue_directory) {
  const std::vector<ListWord> inner = list_words(without_braces(word));
  if (inner.empty()) return false;
  const std::string_view name = inner.front().text;
  if (endpoint.kind == net::Endpoint::Kind::inet) {
    const auto there = net::Endpoint::parse(name);
    return there && there->kind == net::Endpoint::Kind::inet && same_port(*there, endpoint);
  }
  for (const std::string_view scheme : {"unix:", "local:"}) {
    if (!name.starts_with(scheme)) continue;
    return same_socket(std::string(name.substr(scheme.size())), endpoint.path, queue_directory);
  }
  return false;
}

std::string setting_of(std::string_view word, std::string_view name) {
  // "name = value" may have spaces in it, or be in braces of its own.
  for (const ListWord& inner : list_words(without_braces(word))) {
    const std::string_view text = base::trimmed(without_braces(inner.text));
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || base::trimmed(text.substr(0, equals)) != name) continue;
    return std::string(base::trimmed(text.substr(equals + 1)));
  }
  return {};
}

std::size_t find_milter(const std::vector<ListWord>& words, const net::Endpoint& endpoint,
                        const std::string& queue_directory) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const ListWord& word) {
    return names_service(word.text, endpoint, queue_directory);
  });
  return static_cast<std::size_t>(found - words.begin());
}

std::string with_milter_first(const std::string& list, const net::Endpoint& endpoint,
                              const std::string& queue_directory) {
  const std::vector<ListWord> words = list_words(list);
  const std::size_t place = find_milter(words, endpoint, queue_directory);
  if (place == words.size()) return "";
  return with_first(std::string(words[place].text), without_words(list, words, place, place));
}

std::size_t find_policy_service(const std::vector<ListWord>& words, const net::Endpoint& endpoint,
                                const std::string& queue_directory) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (!base::equals_ignoring_case(words[i].text, "check_policy_service")) continue;
    if (names_service(words[i + 1].text, endpoint, queue_directory)) return i;
  }
  return words.size();
}

}  // namespace connectord::mta
