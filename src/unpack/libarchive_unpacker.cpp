#include "libarchive_unpacker.h"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <optional>

#include "connectord/base/openssl.h"
#include "connectord/base/text.h"
#include "connectord/inspect/examination.h"

namespace connectord::unpack {
namespace {

using inspect::Examination;
using model::Encryption;
using model::FileKind;

using Archive = std::unique_ptr<::archive, base::Free<::archive_read_free>>;

// As much as the kind of file needs, so that no more of libarchive than that reads it.
void support(::archive* archive, FileKind kind) {
  ::archive_read_support_filter_none(archive);
  switch (kind) {
    case FileKind::zip:
      ::archive_read_support_format_zip(archive);
      return;
    case FileKind::seven_zip:
      ::archive_read_support_format_7zip(archive);
      return;
    case FileKind::rar:
      ::archive_read_support_format_rar(archive);
      ::archive_read_support_format_rar5(archive);
      return;
    case FileKind::cab:
      ::archive_read_support_format_cab(archive);
      return;
    case FileKind::iso:
      ::archive_read_support_format_iso9660(archive);
      return;
    default:
      break;
  }
  ::archive_read_support_filter_gzip(archive);
  ::archive_read_support_filter_bzip2(archive);
  ::archive_read_support_filter_xz(archive);
  ::archive_read_support_filter_lzma(archive);
  ::archive_read_support_filter_lzip(archive);
  ::archive_read_support_filter_zstd(archive);
  ::archive_read_support_filter_compress(archive);
  ::archive_read_support_format_tar(archive);
  ::archive_read_support_format_cpio(archive);
  ::archive_read_support_format_ar(archive);
  ::archive_read_support_format_lha(archive);
  ::archive_read_support_format_xar(archive);
  ::archive_read_support_format_raw(archive);
}

std::string name_of(::archive_entry* entry) {
  const char* name = ::archive_entry_pathname_utf8(entry);
  if (name == nullptr) name = ::archive_entry_pathname(entry);
  return name == nullptr ? std::string() : name;
}

class ArchiveExamination {
 public:
  ArchiveExamination(std::string_view bytes, FileKind kind, std::string name, Examination& examination)
      : archive_(::archive_read_new()), name_(std::move(name)), bytes_(bytes), examination_(examination) {
    if (archive_ != nullptr) support(archive_.get(), kind);
  }

  void run() {
    if (archive_ == nullptr || ::archive_read_open_memory(archive_.get(), bytes_.data(), bytes_.size()) != ARCHIVE_OK) {
      return problem();
    }
    for (;;) {
      ::archive_entry* entry = nullptr;
      const int result = ::archive_read_next_header(archive_.get(), &entry);
      if (result == ARCHIVE_EOF) break;
      if (result == ARCHIVE_RETRY) continue;
      if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return problem();
      if (!look_at(entry)) return;
    }
    if (::archive_read_has_encrypted_entries(archive_.get()) > 0) examination_.encrypted(Encryption::yes);
    // Libarchive takes rubbish behind a RAR's signature for its end.
    if (!has_entries_) examination_.uninspectable(name_ + ": no file is found in it");
  }

 private:
  void problem() {
    if (archive_ != nullptr && ::archive_read_has_encrypted_entries(archive_.get()) > 0) {
      return examination_.encrypted(Encryption::yes);
    }
    const char* words = archive_ == nullptr ? nullptr : ::archive_error_string(archive_.get());
    examination_.uninspectable(name_ + ": " + (words == nullptr ? "cannot be read" : words));
  }

  // False where nothing more is to be looked at.
  bool look_at(::archive_entry* entry) {
    has_entries_ = true;
    const bool has_name = ::archive_format(archive_.get()) != ARCHIVE_FORMAT_RAW;
    std::vector<std::string> names;
    if (has_name) names.push_back(name_of(entry));
    if (!examination_.enter(names)) return false;
    if (::archive_entry_is_encrypted(entry) != 0) {
      examination_.encrypted(Encryption::yes);
      return true;
    }
    if (::archive_entry_filetype(entry) != AE_IFREG) return true;
    const auto content = read();
    if (content) examination_.member(names, *content);
    return content.has_value() && examination_.has_time();
  }

  std::optional<std::string> read() {
    std::string content;
    for (;;) {
      std::array<char, 65'536> buffer{};
      const auto size = ::archive_read_data(archive_.get(), buffer.data(), buffer.size());
      if (size < 0) {
        problem();
        return std::nullopt;
      }
      if (size == 0) return content;
      content.append(buffer.data(), static_cast<std::size_t>(size));
      unpacked_ += static_cast<std::uint64_t>(size);
      if (!examination_.spend(static_cast<std::uint64_t>(size)) || !examination_.has_time()) return std::nullopt;
      if (!examination_.has_fair_ratio(bytes_.size(), unpacked_)) return std::nullopt;
    }
  }

  Archive archive_;
  std::string name_;
  std::string_view bytes_;
  Examination& examination_;
  std::uint64_t unpacked_ = 0;
  bool has_entries_ = false;
};

class LibarchiveUnpacker final : public inspect::Unpacker {
 public:
  void unpack(std::string_view bytes, FileKind kind, const std::string& name, Examination& examination) const override {
    ArchiveExamination(bytes, kind, name, examination).run();
  }
};

}  // namespace

std::unique_ptr<inspect::Unpacker> make_libarchive_unpacker() {
  return std::make_unique<LibarchiveUnpacker>();
}

}  // namespace connectord::unpack
