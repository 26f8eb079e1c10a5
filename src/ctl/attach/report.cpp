#include "report.h"

#include <array>
#include <ctime>
#include <ostream>
#include <sstream>

namespace connectord::ctl {

Json to_json(const std::vector<Advice>& advice) {
  Json array = Json::array();
  for (const Advice& one : advice) array.push_back({{"what", one.what}, {"write", one.write}});
  return array;
}

void print_advice(std::ostream& out, const std::string& severity, const std::vector<Advice>& advice) {
  for (const Advice& one : advice) {
    out << severity << ": " << one.what << '\n';
    std::istringstream lines(one.write);
    for (std::string line; std::getline(lines, line);) out << "    " << line << '\n';
  }
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  std::array<char, 32> text{};
  if (::gmtime_r(&now, &utc) != nullptr) std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

}  // namespace connectord::ctl
