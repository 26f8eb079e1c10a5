#include "connectord/mta/milter_macros.h"

#include <algorithm>
#include <array>

#include "connectord/base/text.h"
#include "connectord/mail/milter_macros.h"
#include "postfix_list.h"

namespace connectord::mta {

std::string_view bare_macro(std::string_view name) {
  if (name.starts_with('{') && name.ends_with('}')) name = name.substr(1, name.size() - 2);
  return base::trimmed(name);
}

bool is_fact_macro(std::string_view name) {
  constexpr std::array<std::string_view, 4> harmless = {"j", "v", "_", "daemon_name"};
  if (std::find(harmless.begin(), harmless.end(), name) != harmless.end()) return false;
  const auto lists = {mail::connect_macros, mail::tls_macros, mail::mail_from_macros, mail::rcpt_to_macros,
                      mail::end_of_message_macros};
  return std::any_of(lists.begin(), lists.end(), [&](const char* list) {
    const auto words = list_words(list);
    return std::any_of(words.begin(), words.end(), [&](const auto& word) { return bare_macro(word.text) == name; });
  });
}

}  // namespace connectord::mta
