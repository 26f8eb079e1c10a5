#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace connectord::auth {

// The header fields of one message, kept up to a bound, and how a signature picks from them. Not thread-safe.
class DkimHeaders {
 public:
  struct Field {
    std::string_view name;   // as written
    std::string_view value;  // all that stands behind the colon, folded with CRLF, no CRLF at the end
  };

  explicit DkimHeaders(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Bare LF (as Postfix's milter protocol folds) becomes CRLF. A field that no longer fits is dropped, and all after
  // it; `is_complete` says whether that was so.
  void add(std::string_view name, std::string_view value);

  bool is_complete() const { return complete_; }
  std::size_t size() const { return entries_.size(); }
  // Valid until the next `add`.
  Field field(std::size_t index) const;

  // The fields that a signature covers, in its order: for each name the last one not yet taken, nothing where none is
  // left (RFC 6376, 5.4.2). `names` in lower case; `excluded` is the signature's own field, which is never picked
  // (3.7).
  std::vector<std::size_t> select(const std::vector<std::string>& names, std::size_t excluded) const;

 private:
  struct Entry {
    std::size_t begin;
    std::size_t name_size;
    std::size_t value_size;
  };

  using ByName = std::map<std::string, std::vector<std::size_t>, std::less<>>;

  const ByName& by_name() const;

  std::size_t max_bytes_;
  bool complete_ = true;
  std::string text_;
  std::vector<Entry> entries_;
  mutable ByName by_name_;  // made when first asked for, so that ten signatures share it
};

}  // namespace connectord::auth
