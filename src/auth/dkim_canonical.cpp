#include "connectord/auth/dkim_canonical.h"

#include <algorithm>
#include <new>

#include "connectord/base/ascii_case.h"

namespace connectord::auth {
namespace {

constexpr std::size_t buffer_size = 4096;
constexpr std::string_view crlf = "\r\n";

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

// The table beats find_first_of by far: every byte of every body goes this way.
constexpr std::array<bool, 256> make_breaks() {
  std::array<bool, 256> breaks{};
  for (const char c : {' ', '\t', '\r'}) breaks[static_cast<unsigned char>(c)] = true;
  return breaks;
}
constexpr auto breaks_text = make_breaks();

std::size_t end_of_text(std::string_view chunk, std::size_t begin) {
  while (begin < chunk.size() && !breaks_text[static_cast<unsigned char>(chunk[begin])]) ++begin;
  return begin;
}

// 3.4.2: unfold, one space for a run of white space, none at the ends.
void append_relaxed_value(std::string& out, std::string_view value) {
  bool space = false;
  bool begun = false;
  for (std::size_t i = 0; i < value.size();) {
    if (value[i] == '\r' && value.substr(i).starts_with(crlf)) {
      i += crlf.size();
      continue;
    }
    if (is_space(value[i])) {
      space = true;
      ++i;
      continue;
    }
    if (space && begun) out.push_back(' ');
    space = false;
    begun = true;
    const std::size_t end = end_of_text(value, i + 1);  // a CR that stands alone is text
    out.append(value, i, end - i);
    i = end;
  }
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
}

void Sha256::update(std::string_view bytes) {
  if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) throw std::bad_alloc();
}

Sha256Digest Sha256::digest_with(std::string_view tail) const {
  Sha256Digest digest{};
  const std::unique_ptr<EVP_MD_CTX, Free> copy(EVP_MD_CTX_new());
  const bool done = copy && EVP_MD_CTX_copy_ex(copy.get(), context_.get()) == 1 &&
                    EVP_DigestUpdate(copy.get(), tail.data(), tail.size()) == 1 &&
                    EVP_DigestFinal_ex(copy.get(), digest.data(), nullptr) == 1;
  if (!done) throw std::bad_alloc();
  return digest;
}

void append_canonical_header(std::string& out, DkimCanonicalization canonicalization, std::string_view name,
                             std::string_view value) {
  if (canonicalization == DkimCanonicalization::simple) {
    out.append(name).append(1, ':').append(value);
    return;
  }
  while (!name.empty() && is_space(name.back())) name.remove_suffix(1);
  for (const char c : name) out.push_back(base::to_lower(c));
  out.push_back(':');
  append_relaxed_value(out, value);
}

DkimBodyHash::DkimBodyHash(DkimCanonicalization canonicalization) : canonicalization_(canonicalization) {
  buffer_.reserve(buffer_size);
}

std::size_t DkimBodyHash::add_limit(std::optional<std::uint64_t> limit) {
  for (std::size_t i = 0; i < limits_.size(); ++i) {
    if (limits_[i].limit == limit) return i;
  }
  limits_.push_back({limit, {}});
  return limits_.size() - 1;
}

void DkimBodyHash::update(std::string_view chunk) {
  if (canonicalization_ == DkimCanonicalization::simple) {
    update_simple(chunk);
  } else {
    update_relaxed(chunk);
  }
}

bool DkimBodyHash::settle_cr(char next) {
  if (!cr_) return false;
  cr_ = false;
  if (next == '\n') {
    end_line();
    return true;
  }
  text("\r");
  return false;
}

void DkimBodyHash::update_simple(std::string_view chunk) {
  for (std::size_t i = 0; i < chunk.size();) {
    if (settle_cr(chunk[i])) {
      ++i;
      continue;
    }
    const std::size_t end = std::min(chunk.find('\r', i), chunk.size());
    if (end != i) text(chunk.substr(i, end - i));
    cr_ = end != chunk.size();
    i = cr_ ? end + 1 : end;
  }
}

void DkimBodyHash::update_relaxed(std::string_view chunk) {
  for (std::size_t i = 0; i < chunk.size();) {
    const char c = chunk[i];
    if (settle_cr(c)) {
      ++i;
    } else if (c == '\r') {
      cr_ = true;
      ++i;
    } else if (is_space(c)) {
      space_ = true;
      ++i;
    } else {
      const std::size_t end = end_of_text(chunk, i);
      text(chunk.substr(i, end - i));
      i = end;
    }
  }
}

void DkimBodyHash::text(std::string_view text) {
  for (; blank_lines_ != 0; --blank_lines_) write(crlf);
  if (space_) write(" ");
  space_ = false;
  line_is_empty_ = false;
  write(text);
}

// White space at the end of a line goes with the line (only the relaxed form sets it aside).
void DkimBodyHash::end_line() {
  space_ = false;
  if (line_is_empty_) {
    ++blank_lines_;
    return;
  }
  write(crlf);
  line_is_empty_ = true;
}

void DkimBodyHash::finish() {
  if (cr_) text("\r");
  cr_ = false;
  if (!line_is_empty_) end_line();
  // 3.4.3: the simple form of an empty body is one CRLF; 3.4.4: the relaxed form is nothing at all.
  if (canonicalization_ == DkimCanonicalization::simple && length() == 0) write(crlf);
  hash(buffer_);
  buffer_.clear();
  const Sha256Digest whole = hash_.finish();
  for (Limited& limited : limits_) {
    if (!limited.digest) limited.digest = whole;
  }
}

void DkimBodyHash::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > buffer_size) {
    hash(buffer_);
    buffer_.clear();
  }
  if (bytes.size() > buffer_size) {
    hash(bytes);
  } else {
    buffer_.append(bytes);
  }
}

void DkimBodyHash::hash(std::string_view bytes) {
  const std::uint64_t end = hashed_ + bytes.size();
  while (Limited* next = next_limit(end)) {
    const std::string_view part = bytes.substr(0, *next->limit - hashed_);
    hash_.update(part);
    hashed_ += part.size();
    bytes.remove_prefix(part.size());
    next->digest = hash_.finish();
  }
  hash_.update(bytes);
  hashed_ = end;
}

// The lowest one that is not reached and lies before `end`; nullptr if there is none.
DkimBodyHash::Limited* DkimBodyHash::next_limit(std::uint64_t end) {
  Limited* next = nullptr;
  for (Limited& limited : limits_) {
    if (!limited.limit || limited.digest || *limited.limit > end) continue;
    if (next == nullptr || *limited.limit < *next->limit) next = &limited;
  }
  return next;
}

}  // namespace connectord::auth
