#include "zip_archive.h"

#include <algorithm>
#include <array>

#include "connectord/base/ascii_case.h"
#include "file_kind.h"
#include "inflate.h"
#include "little_endian.h"
#include "xml_text.h"
#include "zip_directory.h"

namespace connectord::inspect {
namespace {

using model::Encryption;
using model::FileKind;

constexpr std::uint16_t stored = 0;
constexpr std::uint16_t deflated = 8;

bool has_member(const ZipDirectory& directory, std::string_view end) {
  return std::any_of(directory.members.begin(), directory.members.end(), [&](const ZipMember& member) {
    return std::any_of(member.names.begin(), member.names.end(), [&](const std::string& name) {
      return name.size() >= end.size() &&
             base::equals_ignoring_case(std::string_view(name).substr(name.size() - end.size()), end);
    });
  });
}

FileKind kind_of(const ZipDirectory& directory, std::string_view bytes) {
  constexpr std::string_view opendocument = "mimetypeapplication/vnd.oasis.opendocument.";
  if (has_member(directory, "[Content_Types].xml")) {
    return has_member(directory, "vbaProject.bin") ? FileKind::office_macros : FileKind::office;
  }
  if (has_member(directory, "META-INF/MANIFEST.MF")) return FileKind::jar;
  return piece(bytes, 30, opendocument.size()) == opendocument ? FileKind::opendocument : FileKind::zip;
}

// Members of a document that are its own affair, and no files to those who open it.
bool belongs_to_document(const ZipMember& member) {
  constexpr auto extensions =
      std::to_array<std::string_view>({"",     "bin",  "emf", "fntdata", "gif",  "jpeg", "jpg", "odttf", "png", "rdf",
                                       "rels", "sigs", "svg", "tif",     "tiff", "ttf",  "vml", "wdp",   "wmf", "xml"});
  return std::all_of(member.names.begin(), member.names.end(), [&](const std::string& name) {
    return std::find(extensions.begin(), extensions.end(), extension_of(name)) != extensions.end();
  });
}

class ZipExamination {
 public:
  ZipExamination(const std::vector<std::string>& names, std::string_view bytes, Examination& examination)
      : name_(names.empty() ? "zip" : names.front()),
        bytes_(bytes),
        examination_(examination),
        directory_(read_zip_directory(bytes, examination.budget().entries)),
        kind_(kind_of(directory_, bytes)) {}

  void run() {
    examination_.add_kind(kind_);
    if (is_executable(kind_)) examination_.executable(name_ + ": a program by its bytes (jar)");
    if (directory_.is_encrypted) examination_.encrypted(Encryption::yes);
    if (!directory_.problem.empty()) examination_.uninspectable(name_ + ": " + directory_.problem);
    if (directory_.is_cut) examination_.limit_exceeded(name_ + ": too many files");
    for (const std::string& name : directory_.hidden_names) examination_.add_name(name);
    if (!examination_.descend(is_document())) return;
    for (const ZipMember& member : directory_.members) {
      if (!look_at(member)) break;
    }
    // What a method of later versions packs, another process unpacks.
    if (needs_unpacker_) examination_.unpacker().unpack(bytes_, FileKind::zip, name_, examination_);
    examination_.ascend();
  }

 private:
  bool is_document() const {
    return kind_ == FileKind::office || kind_ == FileKind::office_macros || kind_ == FileKind::opendocument;
  }

  // False where the limits are hit.
  bool look_at(const ZipMember& member) {
    const bool is_part = is_document() && belongs_to_document(member);
    if (!examination_.enter(is_part ? std::vector<std::string>() : member.names)) return false;
    if (member.is_encrypted || member.is_folder) return true;
    for (const std::uint16_t method : member.methods) {
      if (method != stored && method != deflated) {
        needs_unpacker_ = true;
        continue;
      }
      const auto read = [&](std::uint64_t most) { return this->read(member, method, most); };
      is_part ? document_part(member, read) : examination_.member(member.names, read);
    }
    return examination_.budget().unpacked > 0;
  }

  void document_part(const ZipMember& member, const Examination::Read& read) {
    const auto is_named = [&](auto&& holds) { return std::any_of(member.names.begin(), member.names.end(), holds); };
    if (is_named([](const std::string& name) { return is_office_text(name); })) {
      const auto xml = read(examination_.budget().unpacked);
      if (xml) examination_.add_text(text_of_xml(*xml));
    } else if (is_named([](const std::string& name) { return base::contains_ignoring_case(name, "embeddings/"); })) {
      examination_.member(member.names, read);
    }
  }

  std::optional<std::string> read(const ZipMember& member, std::uint16_t method, std::uint64_t most) {
    const std::string_view packed = piece(bytes_, member.data, member.packed);
    most = std::min(most, examination_.budget().unpacked);
    std::optional<std::string> unpacked;
    if (method == stored) {
      unpacked = packed.substr(0, static_cast<std::size_t>(most));
    } else {
      unpacked = inflate(packed, most, [&](std::uint64_t taken, std::uint64_t given) {
        return examination_.has_fair_ratio(taken, given) && examination_.has_time();
      });
    }
    if (!unpacked) {
      examination_.uninspectable(name_ + ": a file in it is broken");
      return std::nullopt;
    }
    examination_.spend(unpacked->size());
    return unpacked;
  }

  std::string name_;
  std::string_view bytes_;
  Examination& examination_;
  ZipDirectory directory_;
  FileKind kind_;
  bool needs_unpacker_ = false;
};

}  // namespace

void examine_zip(const std::vector<std::string>& names, std::string_view bytes, Examination& examination) {
  ZipExamination(names, bytes, examination).run();
}

}  // namespace connectord::inspect
