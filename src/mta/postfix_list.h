#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectord/net/endpoint.h"

// Lists as Postfix writes them in main.cf (postconf(5)): words between commas and white space; what stands in braces is
// one word. Pure.
namespace connectord::mta {

struct ListWord {
  std::string_view text;
  std::size_t begin = 0;  // its place in the list
  std::size_t end = 0;
};

// The views point into `list`.
std::vector<ListWord> list_words(std::string_view list);

// The list without the words from `first` to `last`, both included; the rest stays as it was written.
std::string without_words(std::string_view list, const std::vector<ListWord>& words, std::size_t first,
                          std::size_t last);

// `word` before all that is there.
std::string with_first(const std::string& word, const std::string& list);
std::string with_last(const std::string& list, const std::string& word);

// How main.cf names that service: a unix socket below the queue directory relative to it, which is right with and
// without a chroot; a listener on all addresses by its loopback address.
std::string service_word(const net::Endpoint& endpoint, const std::string& queue_directory);

// True if the word of a list of milters or policy services, which may stand in braces with settings of its own, means
// that service.
bool names_service(std::string_view word, const net::Endpoint& endpoint, const std::string& queue_directory);

// What a word in braces says of a setting, as "accept" for "default_action" in "{ unix:x, default_action=accept }";
// empty where it says nothing.
std::string setting_of(std::string_view word, std::string_view name);

// Where the words of a list of milters name that service; words.size() if nowhere.
std::size_t find_milter(const std::vector<ListWord>& words, const net::Endpoint& endpoint,
                        const std::string& queue_directory);
// A list of milters with that service first, however it is written there; empty where the list does not name it itself.
std::string with_milter_first(const std::string& list, const net::Endpoint& endpoint,
                              const std::string& queue_directory);
// The place of the "check_policy_service" that is followed by that service; words.size() if there is none.
std::size_t find_policy_service(const std::vector<ListWord>& words, const net::Endpoint& endpoint,
                                const std::string& queue_directory);

}  // namespace connectord::mta
