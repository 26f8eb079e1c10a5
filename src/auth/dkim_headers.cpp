#include "connectord/auth/dkim_headers.h"

#include "connectord/base/ascii_case.h"

namespace connectord::auth {
namespace {

std::string lower_case_name(std::string_view name) {
  while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
  return base::to_lower(name);
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
  by_name_.clear();
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

const DkimHeaders::ByName& DkimHeaders::by_name() const {
  if (!by_name_.empty()) return by_name_;
  for (std::size_t i = 0; i < entries_.size(); ++i) by_name_[lower_case_name(field(i).name)].push_back(i);
  return by_name_;
}

std::vector<std::size_t> DkimHeaders::select(const std::vector<std::string>& names, std::size_t excluded) const {
  // How many fields of a name are not yet taken, so that neither 10,000 fields nor as many names make this quadratic.
  std::map<const std::vector<std::size_t>*, std::size_t> left;
  std::vector<std::size_t> selected;
  for (const std::string& name : names) {
    const auto found = by_name().find(name);
    if (found == by_name().end()) continue;
    const auto& fields = found->second;
    std::size_t& count = left.try_emplace(&fields, fields.size()).first->second;
    if (count != 0 && fields[count - 1] == excluded) --count;
    if (count != 0) selected.push_back(fields[--count]);
  }
  return selected;
}

}  // namespace connectord::auth
