#include "zip_directory.h"

#include <algorithm>
#include <map>
#include <optional>

#include "little_endian.h"
#include "name_text.h"

namespace connectord::inspect {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view local_signature = "PK\x03\x04"sv;
constexpr std::string_view central_signature = "PK\x01\x02"sv;
constexpr std::string_view end_signature = "PK\x05\x06"sv;
constexpr std::string_view end64_signature = "PK\x06\x06"sv;
constexpr std::string_view locator64_signature = "PK\x06\x07"sv;
constexpr std::size_t local_size = 30;
constexpr std::size_t central_size = 46;
constexpr std::size_t end_size = 22;
constexpr std::size_t max_comment = 65'535;
constexpr std::uint32_t in_extra_field = 0xffff'ffff;  // 4.4.9: the number is in the Zip64 extra field
constexpr std::uint16_t zip64_field = 0x0001;
constexpr std::uint16_t unicode_path_field = 0x7075;
constexpr std::uint16_t flag_encrypted = 0x0001;
constexpr std::uint16_t flag_strong = 0x0040;
constexpr std::uint16_t flag_masked = 0x2000;  // the local header's values are, since the directory is encrypted
constexpr std::uint16_t aes_method = 99;

struct LocalHeader {
  std::string name;
  std::string unicode_name;
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
  std::uint64_t packed = 0;
  std::uint64_t data = 0;
};

std::string zip_name(std::string_view name) {
  return name_text(name, "IBM437");
}

std::string_view extra_field(std::string_view extra, std::uint16_t wanted) {
  while (extra.size() >= 4) {
    const auto size = little_endian<std::uint16_t>(extra, 2);
    if (little_endian<std::uint16_t>(extra, 0) == wanted) return piece(extra, 4, size);
    extra.remove_prefix(std::min<std::size_t>(extra.size(), std::size_t{4} + size));
  }
  return {};
}

std::string unicode_name(std::string_view extra) {
  constexpr std::size_t version_and_checksum = 5;
  const auto field = extra_field(extra, unicode_path_field);
  return field.size() > version_and_checksum ? zip_name(field.substr(version_and_checksum)) : std::string();
}

bool is_encrypted(std::uint16_t flags, std::uint16_t method) {
  return (flags & (flag_encrypted | flag_strong | flag_masked)) != 0 || method == aes_method;
}

template <class Value>
void add_once(std::vector<Value>& values, const Value& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

void add_name(std::vector<std::string>& names, const std::string& name) {
  if (!name.empty()) add_once(names, name);
}

std::optional<LocalHeader> read_local(std::string_view bytes, std::uint64_t at) {
  const std::string_view header = piece(bytes, at, local_size);
  if (header.size() < local_size || !header.starts_with(local_signature)) return std::nullopt;
  const auto name_size = little_endian<std::uint16_t>(header, 26);
  const auto extra_size = little_endian<std::uint16_t>(header, 28);
  const std::string_view extra = piece(bytes, at + local_size + name_size, extra_size);
  LocalHeader local{.name = zip_name(piece(bytes, at + local_size, name_size)),
                    .unicode_name = unicode_name(extra),
                    .method = little_endian<std::uint16_t>(header, 8),
                    .flags = little_endian<std::uint16_t>(header, 6),
                    .packed = little_endian<std::uint32_t>(header, 18),
                    .data = at + local_size + name_size + extra_size};
  if (local.packed == in_extra_field) local.packed = little_endian<std::uint64_t>(extra_field(extra, zip64_field), 8);
  return local;
}

// Where the end of central directory record is; the last that fits, as readers look for it.
std::optional<std::size_t> find_end(std::string_view bytes) {
  if (bytes.size() < end_size) return std::nullopt;
  const std::size_t last = bytes.size() - end_size;
  const std::size_t first = last > max_comment ? last - max_comment : 0;
  const auto found = bytes.substr(0, last + end_signature.size()).rfind(end_signature);
  return found == std::string_view::npos || found < first ? std::nullopt : std::optional(found);
}

class DirectoryReader {
 public:
  DirectoryReader(std::string_view bytes, std::size_t max_members) : bytes_(bytes), max_members_(max_members) {}

  ZipDirectory read() {
    find_central();
    read_central();
    read_locals();
    for (const auto& member : directory_.members) directory_.is_encrypted |= member.is_encrypted;
    return std::move(directory_);
  }

 private:
  void problem(const char* what) {
    if (directory_.problem.empty()) directory_.problem = what;
  }

  bool has_room() {
    const bool has = directory_.members.size() + directory_.hidden_names.size() < max_members_;
    directory_.is_cut = directory_.is_cut || !has;
    return has;
  }

  void find_central() {
    const auto end = find_end(bytes_);
    if (!end) return problem("its directory is missing");
    std::uint64_t size = little_endian<std::uint32_t>(bytes_, *end + 12);
    std::uint64_t offset = little_endian<std::uint32_t>(bytes_, *end + 16);
    entries_ = little_endian<std::uint16_t>(bytes_, *end + 10);
    std::uint64_t directory_end = *end;
    constexpr std::size_t locator_size = 20;
    if (*end >= locator_size && piece(bytes_, *end - locator_size, 4) == locator64_signature) {
      const auto record = little_endian<std::uint64_t>(bytes_, *end - locator_size + 8);
      if (piece(bytes_, record, 4) == end64_signature) {
        entries_ = little_endian<std::uint64_t>(bytes_, record + 32);
        size = little_endian<std::uint64_t>(bytes_, record + 40);
        offset = little_endian<std::uint64_t>(bytes_, record + 48);
        directory_end = record;
      }
    }
    if (size > directory_end || offset > directory_end - size) return problem("its directory is not where it says");
    // Bytes before the archive, such as a program that unpacks it, are not counted by some writers.
    prefix_ = directory_end - size - offset;
    central_ = directory_end - size;
    if (size > 0 && piece(bytes_, *central_, 4) != central_signature) {
      central_ = offset;
      prefix_ = 0;
    }
  }

  void read_central() {
    if (!central_) return;
    std::uint64_t at = central_.value_or(0);
    std::uint64_t count = 0;
    while (piece(bytes_, at, 4) == central_signature && has_room()) {
      at += read_entry(at);
      ++count;
    }
    if (!directory_.is_cut && count != entries_) problem("its directory has another number of members than it says");
  }

  // Returns how long it is.
  std::uint64_t read_entry(std::uint64_t at) {
    const std::string_view header = piece(bytes_, at, central_size);
    const auto name_size = little_endian<std::uint16_t>(header, 28);
    const auto extra_size = little_endian<std::uint16_t>(header, 30);
    const auto comment_size = little_endian<std::uint16_t>(header, 32);
    const std::string_view extra = piece(bytes_, at + central_size + name_size, extra_size);
    ZipMember member;
    add_name(member.names, zip_name(piece(bytes_, at + central_size, name_size)));
    add_name(member.names, unicode_name(extra));
    member.methods.push_back(little_endian<std::uint16_t>(header, 10));
    member.is_encrypted = is_encrypted(little_endian<std::uint16_t>(header, 8), member.methods.front());
    const std::string_view zip64 = extra_field(extra, zip64_field);
    std::uint64_t in_zip64 = little_endian<std::uint32_t>(header, 24) == in_extra_field ? 8 : 0;
    member.packed = little_endian<std::uint32_t>(header, 20);
    if (member.packed == in_extra_field) {
      member.packed = little_endian<std::uint64_t>(zip64, in_zip64);
      in_zip64 += 8;
    }
    std::uint64_t offset = little_endian<std::uint32_t>(header, 42);
    if (offset == in_extra_field) offset = little_endian<std::uint64_t>(zip64, in_zip64);
    add_local(member, offset);
    member.is_folder = !member.names.empty() && member.names.front().ends_with('/');
    directory_.members.push_back(std::move(member));
    return std::uint64_t{central_size} + name_size + extra_size + comment_size;
  }

  void add_local(ZipMember& member, std::uint64_t offset) {
    member.data = bytes_.size();
    const std::uint64_t at = offset > bytes_.size() ? bytes_.size() : offset + prefix_;
    const auto local = read_local(bytes_, at);
    if (!local) return problem("a member is not where its directory says");
    add_name(member.names, local->name);
    add_name(member.names, local->unicode_name);
    add_once(member.methods, local->method);
    member.is_encrypted = member.is_encrypted || is_encrypted(local->flags, local->method);
    member.data = local->data;
    known_[at] = local->data + member.packed;
  }

  void read_locals() {
    std::uint64_t covered = 0;
    auto next_known = known_.begin();
    for (auto at = bytes_.find(local_signature); at != std::string_view::npos;
         at = bytes_.find(local_signature, at + 1)) {
      for (; next_known != known_.end() && next_known->first < at; ++next_known) {
        covered = std::max(covered, next_known->second);
      }
      if (known_.contains(at)) continue;
      auto local = read_local(bytes_, at);
      if (!local || local->name.empty()) continue;
      if (!has_room()) return;
      if (at < covered) {
        directory_.hidden_names.push_back(std::move(local->name));
      } else {
        add_unlisted(*local);
      }
    }
  }

  void add_unlisted(const LocalHeader& local) {
    ZipMember member;
    add_name(member.names, local.name);
    add_name(member.names, local.unicode_name);
    member.methods.push_back(local.method);
    member.is_encrypted = is_encrypted(local.flags, local.method);
    member.is_folder = local.name.ends_with('/');
    member.data = local.data;
    // Of what is written as a stream, the length stands behind it (4.3.9); deflate ends by itself.
    member.packed = local.packed > 0 ? local.packed : bytes_.size();
    directory_.members.push_back(std::move(member));
  }

  std::string_view bytes_;
  std::size_t max_members_;
  ZipDirectory directory_;
  std::optional<std::uint64_t> central_;
  std::uint64_t entries_ = 0;
  std::uint64_t prefix_ = 0;
  std::map<std::uint64_t, std::uint64_t> known_;  // offsets of local headers, and where their content ends
};

}  // namespace

ZipDirectory read_zip_directory(std::string_view bytes, std::size_t max_members) {
  return DirectoryReader(bytes, max_members).read();
}

bool ends_as_zip(std::string_view bytes) {
  const auto end = find_end(bytes);
  if (!end) return false;
  const std::uint64_t size = little_endian<std::uint32_t>(bytes, *end + 12);
  return size > 0 && size <= *end && piece(bytes, *end - size, 4) == central_signature;
}

}  // namespace connectord::inspect
