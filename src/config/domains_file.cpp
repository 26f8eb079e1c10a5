#include "domains_file.h"

#include <utility>

#include "list_file.h"
#include "quote.h"
#include "text_formats.h"

namespace connectord::config {
namespace {

constexpr std::size_t max_domains = 1'000'000;
constexpr const char* file_key = "organization.accepted_domains_file";

std::string problem_with(std::string_view content, std::string problem) {
  if (content.find_first_of("\", \t;'") == std::string_view::npos) return problem;
  return in_quotes(content) +
         " is not a domain; write one a line and nothing else, such as example.net or *.example.net";
}

}  // namespace

void read_domains(std::string_view text, const std::shared_ptr<const std::string>& file,
                  std::vector<net::DomainPattern>& domains, Problems& problems) {
  std::size_t named = 0;
  for_each_line(text, [&](std::string_view content, std::uint32_t number, std::uint32_t column) {
    if (++named > max_domains) {
      problems.error(
          {file, number, column}, file_key,
          "these are more than " + std::to_string(max_domains) + " domains; " + std::string(domains_file.too_large));
      return false;
    }
    auto domain = Domain::parse(content);
    if (domain) {
      domains.push_back(std::move(*domain));
    } else {
      problems.error({file, number, column}, file_key, problem_with(content, std::move(domain.error())));
    }
    return true;
  });
  if (named > 0) return;
  problems.error({file, 1, 1}, file_key,
                 "the file names no domain; write one a line, such as example.net or *.example.net, or leave "
                 "accepted_domains_file out");
}

}  // namespace connectord::config
