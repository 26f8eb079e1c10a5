#include "connectord/auth/dkim_headers.h"

#include <map>

#include "connectord/net/ascii_case.h"

namespace connectord::auth {
namespace {

std::string lower_case_name(std::string_view name) {
  while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
  return net::to_lower(name);
}

void append_with_crlf(std::string& out, std::string_view value) {
  char last = '\0';
  for (const char c : value) {
    if (c == '\n' && last != '\r') out.push_back('\r');
    out.push_back(c);
    last = c;
  }
}

}  // namespace

void DkimHeaders::add(std::string_view name, std::string_view value) {
  // An empty field costs memory too.
  const std::size_t cost = text_.size() + (entries_.size() + 1) * sizeof(Entry) + name.size() + value.size();
  if (!complete_ || cost > max_bytes_) {
    complete_ = false;
    return;
  }
  const std::size_t begin = text_.size();
  text_.append(name);
  append_with_crlf(text_, value);
  entries_.push_back({begin, name.size(), text_.size() - begin - name.size()});
}

DkimHeaders::Field DkimHeaders::field(std::size_t index) const {
  const Entry& entry = entries_[index];
  const std::string_view text = text_;
  return {text.substr(entry.begin, entry.name_size), text.substr(entry.begin + entry.name_size, entry.value_size)};
}

std::vector<std::size_t> DkimHeaders::select(const std::vector<std::string>& names, std::size_t excluded) const {
  // By name the fields not yet taken, so that neither 10,000 fields nor as many names make this quadratic.
  std::map<std::string, std::vector<std::size_t>, std::less<>> left;
  for (const std::string& name : names) left[name];
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (i == excluded) continue;
    const auto found = left.find(lower_case_name(field(i).name));
    if (found != left.end()) found->second.push_back(i);
  }
  std::vector<std::size_t> selected;
  for (const std::string& name : names) {
    auto& fields = left.find(name)->second;
    if (fields.empty()) continue;
    selected.push_back(fields.back());
    fields.pop_back();
  }
  return selected;
}

}  // namespace connectord::auth
