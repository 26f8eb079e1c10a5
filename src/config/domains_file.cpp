#include "domains_file.h"

#include <algorithm>
#include <utility>

#include "quote.h"
#include "text_formats.h"

namespace connectord::config {
namespace {

constexpr std::size_t max_domains = 1'000'000;
constexpr const char* file_key = "organization.accepted_domains_file";

// Without its comment, and the space around it. A file that was written on Windows has CR at its line ends.
std::string_view content_of(std::string_view line) {
  constexpr std::string_view space = " \t\r";
  line = line.substr(0, line.find('#'));
  const auto first = line.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(space) - first + 1);
}

std::string problem_with(std::string_view content, std::string problem) {
  if (content.find_first_of("\", \t;'") == std::string_view::npos) return problem;
  return in_quotes(content) +
         " is not a domain; write one a line and nothing else, such as example.net or *.example.net";
}

}  // namespace

void read_domains(std::string_view text, const std::shared_ptr<const std::string>& file,
                  std::vector<net::DomainPattern>& domains, Problems& problems) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::size_t named = 0;
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view content = content_of(line);
    if (content.empty()) continue;
    const auto column = static_cast<std::uint32_t>(content.data() - line.data() + 1);
    if (++named > max_domains) {
      return problems.error(
          {file, number, column}, file_key,
          "these are more than " + std::to_string(max_domains) + " domains; " + std::string(domains_file.too_large));
    }
    auto domain = Domain::parse(content);
    if (domain) {
      domains.push_back(std::move(*domain));
    } else {
      problems.error({file, number, column}, file_key, problem_with(content, std::move(domain.error())));
    }
  }
  if (named > 0) return;
  problems.error({file, 1, 1}, file_key,
                 "the file names no domain; write one a line, such as example.net or *.example.net, or leave "
                 "accepted_domains_file out");
}

}  // namespace connectord::config
