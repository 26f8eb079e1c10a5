#include "connectord/inspect/examination.h"

#include "archive_headers.h"
#include "connectord/base/text.h"
#include "connectord/mime/charset.h"
#include "connectord/mime/html.h"
#include "file_kind.h"
#include "named_kind.h"
#include "nested_message.h"
#include "ole_file.h"
#include "tnef.h"
#include "zip_archive.h"
#include "zip_directory.h"

namespace connectord::inspect {

using model::Encryption;
using model::FileKind;

namespace {

constexpr std::uint64_t first_look = 4'096;

// Whose content is looked into, and so is wanted as a whole.
bool is_opened(FileKind kind) {
  switch (kind) {
    case FileKind::unknown:
    case FileKind::image:
    case FileKind::media:
    case FileKind::windows_program:
    case FileKind::elf:
    case FileKind::mach_o:
    case FileKind::java_class:
    case FileKind::script:
    case FileKind::shortcut:
    case FileKind::help:
    case FileKind::rtf:
    case FileKind::onenote:
    case FileKind::disk_image:
      return false;
    default:
      return true;
  }
}

std::string called(const std::vector<std::string>& names) {
  return names.empty() ? std::string("a file without a name") : names.front();
}

}  // namespace

void Examination::file(const std::vector<std::string>& names, std::string_view bytes) {
  own_names(names);
  look_at(names, bytes);
}

void Examination::own_names(const std::vector<std::string>& names) {
  for (const std::string& name : names) note(name);
}

void Examination::member(const std::vector<std::string>& names, const Read& read) {
  auto bytes = read(first_look);
  if (!bytes) return;
  FileKind kind = kind_of(*bytes);
  if (kind == FileKind::unknown && bytes->size() >= first_look) {
    bytes = read(max_signature);
    if (!bytes) return;
    kind = kind_of(*bytes);
  }
  if (!is_opened(kind) && !is_named_message(names)) return kind_alone(names, kind);
  if (bytes->size() >= first_look) bytes = read(budget_.unpacked);
  if (bytes) look_at(names, *bytes);
}

void Examination::member(const std::vector<std::string>& names, std::string_view bytes) {
  look_at(names, bytes);
}

// What is known without looking further.
void Examination::kind_alone(const std::vector<std::string>& names, FileKind kind) {
  add_kind(kind);
  if (is_executable(kind)) executable(called(names) + ": a program by its bytes (" + std::string(word_of(kind)) + ")");
  if (kind == FileKind::rtf) unread_text();
  if (kind == FileKind::disk_image || kind == FileKind::onenote || kind == FileKind::outlook_message) {
    uninspectable(called(names) + ": what is in a file of this kind is not looked at (" + std::string(word_of(kind)) +
                  ")");
    unread_text();
  }
  if (kind == FileKind::unknown && is_named_as_known(names)) {
    uninspectable(called(names) + ": is not what its name says");
  }
}

void Examination::look_at(const std::vector<std::string>& names, std::string_view bytes) {
  const FileKind kind = kind_of(bytes.substr(0, max_signature));
  if (bytes.empty()) return add_kind(FileKind::unknown);
  open(names, kind, bytes);
  // What begins as something else may be a zip to those who look for its end: GIFAR, programs that unpack themselves.
  if (kind != FileKind::zip && !is_opened(kind) && ends_as_zip(bytes)) examine_zip(names, bytes, *this);
}

void Examination::open(const std::vector<std::string>& names, FileKind kind, std::string_view bytes) {
  if (is_named_message(names) || kind == FileKind::message) {
    add_kind(FileKind::message);
    examine_message(bytes, *this);
  }
  switch (kind) {
    case FileKind::zip:
      return examine_zip(names, bytes, *this);
    case FileKind::ole:
      return ole(names, bytes);
    case FileKind::tnef:
      return tnef(bytes);
    case FileKind::seven_zip:
    case FileKind::rar:
    case FileKind::cab:
    case FileKind::tar:
    case FileKind::gzip:
    case FileKind::bzip2:
    case FileKind::xz:
    case FileKind::iso:
    case FileKind::other_archive:
      return archive(names, kind, bytes);
    case FileKind::pdf:
      encrypted(pdf_encryption(bytes));
      unread_text();
      return add_kind(kind);
    case FileKind::text:
    case FileKind::html:
    case FileKind::message:
      plain_text(bytes, kind == FileKind::html);
      return add_kind(kind);
    default:
      return kind_alone(names, kind);
  }
}

void Examination::archive(const std::vector<std::string>& names, FileKind kind, std::string_view bytes) {
  add_kind(kind);
  if (!descend()) return;
  ArchiveHeaders headers{.encryption = Encryption::no, .names = {}};
  if (kind == FileKind::rar) headers = read_rar_headers(bytes, budget_.entries);
  if (kind == FileKind::seven_zip) headers = read_seven_zip_headers(bytes);
  if (kind == FileKind::gzip || kind == FileKind::bzip2 || kind == FileKind::xz || kind == FileKind::other_archive) {
    headers.names = single_file_names(names, kind, bytes);
  }
  for (const std::string& name : headers.names) add_name(name);
  if (headers.is_cut) limit_exceeded(called(names) + ": too many files");
  const std::string reason_before = contents_.uninspectable;
  unpacker_.unpack(bytes, kind, called(names), *this);
  const bool failed = contents_.uninspectable != reason_before;
  // What wants a password is said to be encrypted, which another condition asks for.
  if (headers.encryption == Encryption::yes) contents_.uninspectable = reason_before;
  if (headers.encryption == Encryption::yes || failed) encrypted(headers.encryption);
  ascend();
}

void Examination::ole(const std::vector<std::string>& names, std::string_view bytes) {
  const OleFile file = read_ole_file(bytes);
  kind_alone(names, file.kind);
  encrypted(file.encryption);
  if (!file.problem.empty()) uninspectable(called(names) + ": " + file.problem);
  if (file.kind != FileKind::installer) unread_text();
}

void Examination::tnef(std::string_view bytes) {
  add_kind(FileKind::tnef);
  unread_text();
  if (!descend()) return;
  const Tnef tnef = read_tnef(bytes, budget_.entries);
  if (!tnef.problem.empty()) uninspectable("TNEF: " + tnef.problem);
  if (tnef.is_cut) limit_exceeded("TNEF: too many attachments");
  for (const auto& attachment : tnef.attachments) {
    if (!enter(attachment.names)) break;
    if (!attachment.content.empty()) member(attachment.names, attachment.content);
  }
  ascend();
}

void Examination::plain_text(std::string_view bytes, bool is_html) {
  if (bytes.size() > room_for_text()) text_is_cut();
  bytes = bytes.substr(0, room_for_text());
  const bool is_wide = bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff");
  const std::string text = mime::decode_charset(bytes, is_wide ? "UTF-16" : "");
  add_text(text);
  if (is_html) add_text(mime::text_of_html(text));
}

}  // namespace connectord::inspect
