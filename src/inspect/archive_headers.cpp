#include "archive_headers.h"

#include <algorithm>
#include <cstdint>

#include "connectord/base/hexadecimal.h"
#include "little_endian.h"
#include "name_text.h"

namespace connectord::inspect {
namespace {

using model::Encryption;
using namespace std::string_view_literals;

// A number of RAR 5: seven bits a byte, the lowest first. Moves `at` behind it, and past the end where it is none.
std::uint64_t variable_number(std::string_view bytes, std::uint64_t& at) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at >= bytes.size()) break;
    const auto byte = static_cast<unsigned char>(bytes[static_cast<std::size_t>(at++)]);
    number |= std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80U) == 0) return number;
  }
  at = bytes.size();
  return 0;
}

// Adds without running over.
std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  return a > ~b ? ~std::uint64_t{0} : a + b;
}

// The blocks of an archive, one after the other, each of which says where the next one begins.
class RarReader {
 public:
  RarReader(std::string_view bytes, std::size_t max_names) : bytes_(bytes), max_names_(max_names) {}
  virtual ~RarReader() = default;
  RarReader(const RarReader&) = delete;
  RarReader& operator=(const RarReader&) = delete;

  ArchiveHeaders read(std::size_t signature_size) {
    headers_.encryption = Encryption::no;
    for (std::uint64_t at = signature_size; at < bytes_.size() && !is_over_;) at = block(at);
    return std::move(headers_);
  }

 protected:
  // Returns where the next one begins.
  virtual std::uint64_t block(std::uint64_t at) = 0;

  std::string_view bytes() const { return bytes_; }
  void end_when(bool is_over) { is_over_ = is_over_ || is_over; }
  void needs_password() { headers_.encryption = Encryption::yes; }
  void add_name(std::string_view name) {
    headers_.is_cut = headers_.names.size() >= max_names_;
    end_when(headers_.is_cut);
    if (!headers_.is_cut && !name.empty()) headers_.names.push_back(name_text(name));
  }

 private:
  std::string_view bytes_;
  std::size_t max_names_;
  ArchiveHeaders headers_;
  bool is_over_ = false;
};

class Rar5Reader final : public RarReader {
 public:
  using RarReader::RarReader;

 private:
  std::uint64_t block(std::uint64_t at) override {
    at += 4;  // checksum
    const std::uint64_t size = variable_number(bytes(), at);
    const std::uint64_t end = plus(at, size);
    if (size == 0 || end > bytes().size()) {
      end_when(true);
      return at;
    }
    const std::string_view header = piece(bytes(), at, size);
    std::uint64_t in = 0;
    const std::uint64_t type = variable_number(header, in);
    const std::uint64_t flags = variable_number(header, in);
    const std::uint64_t extra = (flags & 1U) != 0 ? variable_number(header, in) : 0;
    const std::uint64_t data = (flags & 2U) != 0 ? variable_number(header, in) : 0;
    constexpr std::uint64_t file = 2;
    constexpr std::uint64_t encryption = 4;
    constexpr std::uint64_t end_of_archive = 5;
    end_when(type == encryption || type == end_of_archive);
    if (type == encryption) needs_password();
    if (type == file) file_header(header, in, extra);
    return plus(end, data);
  }

  void file_header(std::string_view header, std::uint64_t in, std::uint64_t extra_size) {
    const std::uint64_t flags = variable_number(header, in);
    variable_number(header, in);               // size
    variable_number(header, in);               // attributes
    in = plus(in, (flags & 2U) != 0 ? 4 : 0);  // time
    in = plus(in, (flags & 4U) != 0 ? 4 : 0);  // checksum
    variable_number(header, in);               // method
    variable_number(header, in);               // system
    const std::uint64_t name_size = variable_number(header, in);
    add_name(piece(header, in, name_size));
    if (extra_size > header.size()) return;
    std::string_view extra = header.substr(header.size() - static_cast<std::size_t>(extra_size));
    while (!extra.empty()) {
      std::uint64_t at = 0;
      const std::uint64_t size = variable_number(extra, at);
      const std::uint64_t end = plus(at, size);
      constexpr std::uint64_t encryption = 1;
      if (size > 0 && variable_number(extra, at) == encryption) needs_password();
      extra = piece(extra, std::max<std::uint64_t>(end, 1), extra.size());
    }
  }
};

class Rar4Reader final : public RarReader {
 public:
  using RarReader::RarReader;

 private:
  std::uint64_t block(std::uint64_t at) override {
    constexpr std::uint16_t smallest = 7;
    constexpr unsigned archive_header = 0x73;
    constexpr unsigned file_header = 0x74;
    constexpr unsigned end_of_archive = 0x7b;
    const auto type = little_endian<std::uint8_t>(bytes(), at + 2);
    const auto flags = little_endian<std::uint16_t>(bytes(), at + 3);
    const auto size = little_endian<std::uint16_t>(bytes(), at + 5);
    const std::string_view header = piece(bytes(), at, size);
    end_when(size < smallest || header.size() < size || type == end_of_archive);
    if (type == archive_header && (flags & 0x0080U) != 0) {
      needs_password();
      end_when(true);
    }
    std::uint64_t data = type == file_header || (flags & 0x8000U) != 0 ? little_endian<std::uint32_t>(header, 7) : 0;
    if (type == file_header) {
      if ((flags & 0x0004U) != 0) needs_password();
      const bool is_large = (flags & 0x0100U) != 0;
      if (is_large) data += std::uint64_t{little_endian<std::uint32_t>(header, 32)} << 32U;
      const std::string_view name = piece(header, is_large ? 40 : 32, little_endian<std::uint16_t>(header, 26));
      // One beyond ASCII stands there twice: in the charset of some system, and behind a zero in a packed form.
      add_name(name.substr(0, name.find('\0')));
    }
    return plus(at, plus(size, data));
  }
};

}  // namespace

ArchiveHeaders read_rar_headers(std::string_view bytes, std::size_t max_names) {
  constexpr auto signature_of_5 = "Rar!\x1a\x07\x01\0"sv;
  constexpr auto signature_of_4 = "Rar!\x1a\x07\0"sv;
  if (bytes.starts_with(signature_of_5)) return Rar5Reader(bytes, max_names).read(signature_of_5.size());
  if (bytes.starts_with(signature_of_4)) return Rar4Reader(bytes, max_names).read(signature_of_4.size());
  return {};
}

ArchiveHeaders read_seven_zip_headers(std::string_view bytes) {
  constexpr std::size_t start_size = 32;
  constexpr std::string_view aes = "\x06\xf1\x07\x01"sv;  // the coder that asks for a password
  constexpr char plain_header = 0x01;
  ArchiveHeaders headers;
  const auto offset = little_endian<std::uint64_t>(bytes, 12);
  const auto size = little_endian<std::uint64_t>(bytes, 20);
  if (bytes.size() < start_size || offset > bytes.size() - start_size) return headers;
  const std::string_view header = piece(bytes, start_size + offset, size);
  if (header.find(aes) != std::string_view::npos) {
    headers.encryption = Encryption::yes;
  } else if (header.empty() || header.front() == plain_header) {
    headers.encryption = Encryption::no;
  }
  return headers;
}

std::vector<std::string> single_file_names(const std::vector<std::string>& names, model::FileKind kind,
                                           std::string_view bytes) {
  std::vector<std::string> within;
  for (const std::string& name : names) {
    const auto dot = name.rfind('.');
    if (dot != std::string::npos && dot > 0) within.push_back(name.substr(0, dot));
  }
  constexpr unsigned has_extra = 4;
  constexpr unsigned has_name = 8;
  constexpr std::size_t fixed_size = 10;
  const auto flags = little_endian<std::uint8_t>(bytes, 3);
  if (kind != model::FileKind::gzip || (flags & has_name) == 0) return within;
  const std::size_t extra = (flags & has_extra) != 0 ? 2U + little_endian<std::uint16_t>(bytes, fixed_size) : 0U;
  const std::string_view name = piece(bytes, fixed_size + extra, max_name_length);
  within.push_back(name_text(name.substr(0, name.find('\0'))));
  return within;
}

Encryption pdf_encryption(std::string_view bytes) {
  constexpr std::string_view name = "Encrypt";
  constexpr std::size_t longest = 3 * name.size();  // each character as #xx
  for (auto at = bytes.find('/'); at != std::string_view::npos; at = bytes.find('/', at + 1)) {
    const std::string_view rest = bytes.substr(at + 1, longest + 1);
    if (rest.empty() || (rest.front() != 'E' && rest.front() != '#')) continue;
    const std::size_t length = rest.find_first_of(" \t\r\n\f\0/<>[](){}%"sv);
    if (base::decode_marked_hex(rest.substr(0, length), '#') == name) return Encryption::yes;
  }
  return Encryption::no;
}

}  // namespace connectord::inspect
