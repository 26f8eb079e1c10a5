#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/words.h"

namespace connectord::model {

// What a file is by its bytes, whatever its name and type say.
enum class FileKind : std::uint8_t {
  unknown,
  text,
  html,
  image,
  media,  // sound and films
  pdf,
  rtf,
  office,         // Office Open XML without macros
  office_macros,  // Office Open XML with a VBA project
  opendocument,
  ole,              // a compound file: Word, Excel and PowerPoint up to 2003
  ole_macros,       // the same with a VBA project
  outlook_message,  // a compound file of Outlook, .msg
  onenote,
  message,  // RFC 5322
  tnef,     // winmail.dat
  zip,
  jar,  // a zip that Java runs
  seven_zip,
  rar,
  cab,
  tar,
  gzip,
  bzip2,
  xz,
  other_archive,  // zstd, compress, lha, cpio, ar, arj, ace
  iso,
  disk_image,       // VHD, VHDX, VMDK, DMG
  windows_program,  // MZ, whatever follows: .exe, .dll, .sys, .scr
  elf,
  mach_o,
  java_class,
  script,     // begins with #!
  shortcut,   // .lnk
  installer,  // .msi, .msp
  help,       // .chm, which runs scripts
};
consteval auto words_of(FileKind) {
  return std::to_array<Named<FileKind>>({{FileKind::unknown, "unknown"},
                                         {FileKind::text, "text"},
                                         {FileKind::html, "html"},
                                         {FileKind::image, "image"},
                                         {FileKind::media, "media"},
                                         {FileKind::pdf, "pdf"},
                                         {FileKind::rtf, "rtf"},
                                         {FileKind::office, "office"},
                                         {FileKind::office_macros, "office_macros"},
                                         {FileKind::opendocument, "opendocument"},
                                         {FileKind::ole, "ole"},
                                         {FileKind::ole_macros, "ole_macros"},
                                         {FileKind::outlook_message, "outlook_message"},
                                         {FileKind::onenote, "onenote"},
                                         {FileKind::message, "message"},
                                         {FileKind::tnef, "tnef"},
                                         {FileKind::zip, "zip"},
                                         {FileKind::jar, "jar"},
                                         {FileKind::seven_zip, "7z"},
                                         {FileKind::rar, "rar"},
                                         {FileKind::cab, "cab"},
                                         {FileKind::tar, "tar"},
                                         {FileKind::gzip, "gzip"},
                                         {FileKind::bzip2, "bzip2"},
                                         {FileKind::xz, "xz"},
                                         {FileKind::other_archive, "other_archive"},
                                         {FileKind::iso, "iso"},
                                         {FileKind::disk_image, "disk_image"},
                                         {FileKind::windows_program, "windows_program"},
                                         {FileKind::elf, "elf"},
                                         {FileKind::mach_o, "mach_o"},
                                         {FileKind::java_class, "java_class"},
                                         {FileKind::script, "script"},
                                         {FileKind::shortcut, "shortcut"},
                                         {FileKind::installer, "installer"},
                                         {FileKind::help, "help"}});
}

// Whether something wants a password. Unknown is not no.
enum class Encryption : std::uint8_t { no, yes, unknown };
consteval auto words_of(Encryption) {
  return std::to_array<Named<Encryption>>(
      {{Encryption::no, "no"}, {Encryption::yes, "yes"}, {Encryption::unknown, "unknown"}});
}

// What is in a file: itself, and what lies within it, however deep. Kinds and extensions are there once each, in the
// order in which they were found.
struct FileContents {
  // Of the file itself and of all within: archives' members, attached messages and their attachments.
  std::vector<FileKind> kinds;
  // Names of what lies within, in UTF-8; of a zip's members both the central directory's and the local header's.
  std::vector<std::string> inner_names;
  // In lower case, without the dot, of all names, the file's own too.
  std::vector<std::string> extensions;
  // Text that people can read in it, in UTF-8, in all readings.
  std::vector<std::string> texts;
  // One sentence's worth of why; empty where it is not so. Made of names that strangers chose: for findings, printable.
  std::string executable;      // "invoice.exe: runs by its name (.exe)"
  std::string uninspectable;   // something in it could not be read: broken, a format nobody knows here, or no helper
  std::string limit_exceeded;  // there is more in it than was looked at
  Encryption encrypted = Encryption::no;
  bool has_unread_text = false;  // text that is not taken out of its kind of file, such as PDF's
  bool text_is_cut = false;      // there is more of it

  bool is_executable() const { return !executable.empty(); }
  bool is_uninspectable() const { return !uninspectable.empty(); }
  bool exceeds_limit() const { return !limit_exceeded.empty(); }
  bool has(FileKind kind) const { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); }
};

// One attachment of a message.
struct Attachment {
  std::size_t reading = 0;         // which of the structures that mime::read_structure() returned
  std::size_t part = 0;            // its index there
  bool is_inline = false;          // a picture of the text around it, named by Content-ID within a multipart/related
  std::vector<std::string> names;  // all that a reader may see; may be none
  std::uint64_t size = 0;          // bytes, decoded; of several readings the most
  FileContents contents;
};

// All attachments of a message, in all its readings; of parts that are the same in two of these, the first.
struct Inspection {
  std::vector<Attachment> attachments;
  std::string uninspectable;   // of the message as a whole: its bytes or parts could not be read
  std::string limit_exceeded;  // it has more parts or attachments than were looked at
};

}  // namespace connectord::model
