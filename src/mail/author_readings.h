#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace connectord::mail {

// The domains that some program may take out of text that is no good list of mailboxes: what follows each "@", cut off
// and put together in all the ways that readers have. Whitespace and comments inside a domain, quotes, control
// characters and encoded words (RFC 2047) are read by some and passed over by others. Normalized, each once, in the
// order in which they are found. std::nullopt for more than `most`, and where there are too many to look at. Takes time
// in proportion to the text.
//
// A domain of one label is nobody's where there is another ("Joe @ Work <joe@example.com>"), unless it is a part of
// that
// ("joe@example .com").
std::optional<std::vector<std::string>> possible_domains(std::string_view text, std::size_t most);

// True if there is a word outside of comments and group names from which a mail server may make an address, by
// completing it with its own name. Only for text in which there are no domains.
bool has_word(std::string_view text);

}  // namespace connectord::mail
