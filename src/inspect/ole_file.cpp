#include "ole_file.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "little_endian.h"

namespace connectord::inspect {
namespace {

using model::Encryption;
using model::FileKind;
using namespace std::string_view_literals;

constexpr std::size_t header_size = 512;
constexpr std::size_t entry_size = 128;
constexpr std::uint32_t last_regular_sector = 0xffff'fffa;  // [MS-CFB] 2.1
constexpr std::size_t max_streams = 20'000;

// The class of a Windows Installer's file: 000C1084 a package, 000C1086 a patch, 000C1082 a transform.
bool is_installer(std::string_view class_id) {
  return (class_id.starts_with("\x84\x10\x0c\0"sv) || class_id.starts_with("\x86\x10\x0c\0"sv) ||
          class_id.starts_with("\x82\x10\x0c\0"sv)) &&
         class_id.substr(4) == "\0\0\0\0\xc0\0\0\0\0\0\0\x46"sv;
}

// The letters of ASCII in a name of UTF-16, others as '?'; enough for the names that are looked for.
std::string entry_name(std::string_view entry) {
  constexpr std::size_t longest = 32;
  std::string name;
  for (std::size_t i = 0; i < longest; ++i) {
    const auto unit = little_endian<std::uint16_t>(entry, 2 * i);
    if (unit == 0) break;
    name += unit < 0x80 ? static_cast<char>(unit) : '?';
  }
  return name;
}

class OleReader {
 public:
  explicit OleReader(std::string_view bytes)
      : bytes_(bytes),
        shift_(little_endian<std::uint16_t>(bytes, 30)),
        difat_sector_(little_endian<std::uint32_t>(bytes, 68)) {}

  OleFile read() {
    if (bytes_.size() < header_size || (shift_ != 9 && shift_ != 12)) return broken();
    read_difat();
    std::uint32_t sector = little_endian<std::uint32_t>(bytes_, 48);
    for (std::size_t steps = 0; sector <= last_regular_sector; ++steps) {
      const std::string_view content = sector_at(sector);
      if (content.size() < entry_size || steps > bytes_.size() / sector_size() || streams_.size() > max_streams) {
        return broken();
      }
      for (std::size_t at = 0; at + entry_size <= content.size(); at += entry_size) add(content.substr(at, entry_size));
      sector = next(sector);
    }
    return judged();
  }

 private:
  std::size_t sector_size() const { return std::size_t{1} << shift_; }
  std::string_view sector_at(std::uint32_t sector) const {
    return piece(bytes_, (std::uint64_t{sector} + 1) << shift_, sector_size());
  }

  OleFile broken() {
    OleFile file = judged();
    if (file.encryption == Encryption::no) file.encryption = Encryption::unknown;
    file.problem = "its directory cannot be read";
    return file;
  }

  // Where the sectors of the allocation table are ([MS-CFB] 2.5).
  void read_difat() {
    constexpr std::size_t in_header = 109;
    for (std::size_t i = 0; i < in_header; ++i) fat_.push_back(little_endian<std::uint32_t>(bytes_, 76 + 4 * i));
    const std::size_t most = bytes_.size() / sector_size() + 1;
    for (std::size_t steps = 0; difat_sector_ <= last_regular_sector && steps < most; ++steps) {
      const std::string_view content = sector_at(difat_sector_);
      if (content.size() < sector_size()) return;
      if (fat_.size() > most + in_header) return;
      for (std::size_t at = 0; at + 4 < content.size(); at += 4)
        fat_.push_back(little_endian<std::uint32_t>(content, at));
      difat_sector_ = little_endian<std::uint32_t>(content, content.size() - 4);
    }
  }

  std::uint32_t next(std::uint32_t sector) const {
    const std::size_t each = sector_size() / 4;
    const std::size_t index = sector / each;
    if (index >= fat_.size() || fat_[index] > last_regular_sector) return last_regular_sector;
    const std::string_view table = sector_at(fat_[index]);
    return table.size() < sector_size() ? last_regular_sector
                                        : little_endian<std::uint32_t>(table, 4 * (sector % each));
  }

  void add(std::string_view entry) {
    constexpr char root = 5;
    const char type = entry[66];
    if (type == 0) return;
    if (type == root) installer_ = installer_ || is_installer(entry.substr(80, 16));
    streams_.emplace(entry_name(entry), little_endian<std::uint32_t>(entry, 116));
  }

  bool has(const char* name) const { return streams_.contains(name); }

  // The beginning of a stream, of one that is large enough to have sectors of its own.
  std::string_view beginning(const char* name) const {
    const auto stream = streams_.find(name);
    return stream == streams_.end() ? std::string_view() : sector_at(stream->second);
  }

  OleFile judged() const {
    OleFile file;
    const bool has_macros = has("_VBA_PROJECT") || has("_VBA_PROJECT_CUR") || has("Macros") || has("VBA");
    if (installer_) {
      file.kind = FileKind::installer;
    } else if (has("__properties_version1.0")) {
      file.kind = FileKind::outlook_message;
    } else if (has_macros) {
      file.kind = FileKind::ole_macros;
    }
    file.encryption = encryption();
    return file;
  }

  Encryption encryption() const {
    if (has("EncryptedPackage") || has("EncryptionInfo") ||
        has("\x06"
            "DataSpaces"))
      return Encryption::yes;
    if (has("WordDocument")) return word();
    if (has("Workbook")) return excel("Workbook");
    if (has("Book")) return excel("Book");
    if (has("PowerPoint Document")) return has("EncryptedSummary") ? Encryption::yes : Encryption::unknown;
    return Encryption::no;
  }

  // FibBase ([MS-DOC] 2.5.2): fEncrypted.
  Encryption word() const {
    const std::string_view fib = beginning("WordDocument");
    if (little_endian<std::uint16_t>(fib, 0) != 0xa5ec) return Encryption::unknown;
    return (little_endian<std::uint16_t>(fib, 10) & 0x0100U) != 0 ? Encryption::yes : Encryption::no;
  }

  // FilePass ([MS-XLS] 2.4.117) stands among the first records, behind BOF.
  Encryption excel(const char* name) const {
    constexpr std::uint16_t begin_of_file = 0x0809;
    constexpr std::uint16_t file_pass = 0x002f;
    constexpr int max_records = 4;
    std::string_view records = beginning(name);
    if (little_endian<std::uint16_t>(records, 0) != begin_of_file) return Encryption::unknown;
    for (int i = 0; i < max_records && records.size() >= 4; ++i) {
      if (little_endian<std::uint16_t>(records, 0) == file_pass) return Encryption::yes;
      records = piece(records, std::uint64_t{4} + little_endian<std::uint16_t>(records, 2), records.size());
    }
    return Encryption::no;
  }

  std::string_view bytes_;
  unsigned shift_;
  std::uint32_t difat_sector_;
  std::vector<std::uint32_t> fat_;
  std::map<std::string, std::uint32_t> streams_;  // their first sectors
  bool installer_ = false;
};

}  // namespace

OleFile read_ole_file(std::string_view bytes) {
  return OleReader(bytes).read();
}

}  // namespace connectord::inspect
