#include "file_kind.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "connectord/base/ascii_case.h"
#include "connectord/base/display_control.h"
#include "connectord/base/text.h"

namespace connectord::inspect {
namespace {

using model::FileKind;
using namespace std::string_view_literals;

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  FileKind kind;
};

// The first that fits counts.
constexpr auto signatures = std::to_array<Signature>({
    {0, "PK\x03\x04"sv, FileKind::zip},
    {0, "PK\x05\x06"sv, FileKind::zip},  // an empty one
    {0, "PK\x07\x08PK\x03\x04"sv, FileKind::zip},
    {0, "PK00PK\x03\x04"sv, FileKind::zip},
    {0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, FileKind::ole},
    {0, "%PDF-"sv, FileKind::pdf},
    {0, "{\\rt"sv, FileKind::rtf},  // Word takes that much of "{\rtf1"
    {0, "7z\xbc\xaf\x27\x1c"sv, FileKind::seven_zip},
    {0, "Rar!\x1a\x07"sv, FileKind::rar},
    {0, "MSCF"sv, FileKind::cab},
    {0, "\x1f\x8b"sv, FileKind::gzip},
    {0, "BZh"sv, FileKind::bzip2},
    {0, "\xfd\x37zXZ\0"sv, FileKind::xz},
    {0, "\x28\xb5\x2f\xfd"sv, FileKind::other_archive},  // zstd
    {0, "\x1f\x9d"sv, FileKind::other_archive},          // compress
    {0, "LZIP"sv, FileKind::other_archive},
    {0, "xar!"sv, FileKind::other_archive},
    {0, "!<arch>\n"sv, FileKind::other_archive},
    {0, "070701"sv, FileKind::other_archive},  // cpio
    {0, "070702"sv, FileKind::other_archive},
    {0, "070707"sv, FileKind::other_archive},
    {0, "\x60\xea"sv, FileKind::other_archive},  // ARJ
    {7, "**ACE**"sv, FileKind::other_archive},
    {2, "-lh"sv, FileKind::other_archive},  // LHA
    {2, "-lz"sv, FileKind::other_archive},
    {257, "ustar"sv, FileKind::tar},
    {0, "\x78\x9f\x3e\x22"sv, FileKind::tnef},
    {0, "\x4c\0\0\0\x01\x14\x02\0"sv, FileKind::shortcut},
    {0, "ITSF"sv, FileKind::help},
    {0,
     "\x7f"
     "ELF"sv,
     FileKind::elf},
    {0, "\xfe\xed\xfa\xce"sv, FileKind::mach_o},
    {0, "\xfe\xed\xfa\xcf"sv, FileKind::mach_o},
    {0, "\xce\xfa\xed\xfe"sv, FileKind::mach_o},
    {0, "\xcf\xfa\xed\xfe"sv, FileKind::mach_o},
    {0, "#!"sv, FileKind::script},
    {0, "\xef\xbb\xbf#!"sv, FileKind::script},
    {0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"sv, FileKind::onenote},
    {0, "conectix"sv, FileKind::disk_image},
    {0, "vhdxfile"sv, FileKind::disk_image},
    {0, "KDMV"sv, FileKind::disk_image},
    {0, "# Disk DescriptorFile"sv, FileKind::disk_image},
    {32'769, "CD001"sv, FileKind::iso},
    {32'769, "BEA01"sv, FileKind::iso},  // UDF alone
    {32'769, "NSR0"sv, FileKind::iso},
    {0, "\x89PNG\r\n\x1a\n"sv, FileKind::image},
    {0, "\xff\xd8\xff"sv, FileKind::image},
    {0, "GIF87a"sv, FileKind::image},
    {0, "GIF89a"sv, FileKind::image},
    {0, "II*\0"sv, FileKind::image},
    {0, "MM\0*"sv, FileKind::image},
    {8, "WEBP"sv, FileKind::image},
    {4, "ftyphei"sv, FileKind::image},
    {4, "ftypavif"sv, FileKind::image},
    {0, "\0\0\x01\0"sv, FileKind::image},  // icon
    {0, "\xd7\xcd\xc6\x9a"sv, FileKind::image},
    {4, "ftyp"sv, FileKind::media},
    {0, "ID3"sv, FileKind::media},
    {0, "OggS"sv, FileKind::media},
    {0, "fLaC"sv, FileKind::media},
    {8, "WAVE"sv, FileKind::media},
    {8, "AVI "sv, FileKind::media},
    {0, "\x1a\x45\xdf\xa3"sv, FileKind::media},
    {0, "MThd"sv, FileKind::media},
});

// A tar of before POSIX has no signature, but the sum of its header (tar(5)).
bool is_old_tar(std::string_view head) {
  constexpr std::size_t block = 512;
  constexpr std::size_t sum_begin = 148;
  constexpr std::size_t sum_length = 8;
  if (head.size() < block || head.front() == '\0') return false;
  std::uint32_t sum = 0;
  std::uint32_t recorded = 0;
  for (std::size_t i = 0; i < block; ++i) {
    const bool is_sum = i >= sum_begin && i < sum_begin + sum_length;
    sum += is_sum ? static_cast<unsigned char>(' ') : static_cast<unsigned char>(head[i]);
    if (is_sum && head[i] >= '0' && head[i] <= '7') recorded = recorded * 8 + static_cast<std::uint32_t>(head[i] - '0');
  }
  return recorded != 0 && sum == recorded;
}

// CA FE BA BE begins a class of Java, with a version from 45 on, and a Mach-O for several processors, with their
// number.
std::optional<FileKind> kind_of_cafebabe(std::string_view head) {
  if (!head.starts_with("\xca\xfe\xba\xbe") || head.size() < 8) return std::nullopt;
  constexpr unsigned char first_java_version = 43;
  return static_cast<unsigned char>(head[7]) < first_java_version ? FileKind::mach_o : FileKind::java_class;
}

// A bitmap's second field is its size, followed by four bytes of zero; text begins with "BM", too.
bool is_bitmap(std::string_view head) {
  return head.starts_with("BM") && head.size() > 10 && head.substr(6, 4) == "\0\0\0\0"sv;
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

bool is_text(std::string_view head) {
  if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff")) return true;  // UTF-16
  return !head.empty() && std::all_of(head.begin(), head.end(), [](char c) {
    return !base::is_control(c) || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\x1b';
  });
}

FileKind kind_of_text(std::string_view head) {
  constexpr std::size_t looked_at = 1024;
  std::string_view text = without_mark(head).substr(0, looked_at);
  for (const char* field : {"return-path:", "received:", "delivered-to:", "message-id:", "mime-version:", "from:",
                            "date:", "subject:", "content-type:"}) {
    if (base::starts_with_ignoring_case(text, field)) return FileKind::message;
  }
  for (const char* tag : {"<html", "<!doctype html", "<head", "<body", "<script"}) {
    if (base::contains_ignoring_case(text, tag)) return FileKind::html;
  }
  return FileKind::text;
}

// What runs when it is opened: on Windows, what Outlook holds back and is no mere document; on macOS bundles and
// scripts; on Unix desktops packages, launchers and scripts. Sorted.
constexpr auto executable_extensions = std::to_array<std::string_view>({"action",
                                                                        "apk",
                                                                        "app",
                                                                        "appimage",
                                                                        "application",
                                                                        "appref-ms",
                                                                        "appx",
                                                                        "appxbundle",
                                                                        "bas",
                                                                        "bash",
                                                                        "bat",
                                                                        "chm",
                                                                        "class",
                                                                        "cmd",
                                                                        "com",
                                                                        "command",
                                                                        "cpl",
                                                                        "csh",
                                                                        "deb",
                                                                        "desktop",
                                                                        "diagcab",
                                                                        "diagcfg",
                                                                        "diagpkg",
                                                                        "dll",
                                                                        "dmg",
                                                                        "drv",
                                                                        "exe",
                                                                        "gadget",
                                                                        "hlp",
                                                                        "hpj",
                                                                        "hta",
                                                                        "htc",
                                                                        "inf",
                                                                        "ins",
                                                                        "iqy",
                                                                        "isp",
                                                                        "jar",
                                                                        "jnlp",
                                                                        "js",
                                                                        "jse",
                                                                        "ksh",
                                                                        "library-ms",
                                                                        "lnk",
                                                                        "msc",
                                                                        "msh",
                                                                        "msh1",
                                                                        "msh1xml",
                                                                        "msh2",
                                                                        "msh2xml",
                                                                        "mshxml",
                                                                        "msi",
                                                                        "msix",
                                                                        "msixbundle",
                                                                        "msp",
                                                                        "mst",
                                                                        "ocx",
                                                                        "pif",
                                                                        "pkg",
                                                                        "pl",
                                                                        "printerexport",
                                                                        "ps1",
                                                                        "ps1xml",
                                                                        "ps2",
                                                                        "ps2xml",
                                                                        "psc1",
                                                                        "psc2",
                                                                        "psdm1",
                                                                        "psm1",
                                                                        "py",
                                                                        "pyc",
                                                                        "pyo",
                                                                        "pyw",
                                                                        "pyz",
                                                                        "pyzw",
                                                                        "reg",
                                                                        "rpm",
                                                                        "run",
                                                                        "scf",
                                                                        "scr",
                                                                        "sct",
                                                                        "search-ms",
                                                                        "searchconnector-ms",
                                                                        "settingcontent-ms",
                                                                        "sh",
                                                                        "shb",
                                                                        "shs",
                                                                        "slk",
                                                                        "sys",
                                                                        "terminal",
                                                                        "theme",
                                                                        "themepack",
                                                                        "url",
                                                                        "vb",
                                                                        "vbe",
                                                                        "vbp",
                                                                        "vbs",
                                                                        "vsmacros",
                                                                        "vsw",
                                                                        "vxd",
                                                                        "webpnp",
                                                                        "website",
                                                                        "wll",
                                                                        "workflow",
                                                                        "ws",
                                                                        "wsc",
                                                                        "wsf",
                                                                        "wsh",
                                                                        "xbap",
                                                                        "xll",
                                                                        "xnk",
                                                                        "zsh"});
static_assert(std::is_sorted(executable_extensions.begin(), executable_extensions.end()));

bool fits(const Signature& signature, std::string_view head) {
  return head.size() > signature.offset && head.substr(signature.offset).starts_with(signature.bytes);
}

// Not shown by whoever shows the name, or left away by Windows.
std::size_t ignored_length(std::string_view rest) {
  if (base::is_control(rest.front())) return 1;
  if (rest.starts_with("\xc2\xa0") || rest.starts_with("\xc2\xad")) return 2;          // no-break space, soft hyphen
  if (rest.starts_with("\xe2\x80\x8b") || rest.starts_with("\xef\xbb\xbf")) return 3;  // zero-width ones
  if (rest.starts_with("\xe2\x80\x8c") || rest.starts_with("\xe2\x80\x8d")) return 3;
  return base::display_control_length(rest);
}

// Taking one sequence out may join the bytes around it to another one, so each is looked for where it ends.
std::string shown_part(std::string_view name) {
  constexpr std::size_t longest_ignored = 3;
  std::string seen;
  for (const char each : name) {
    seen += base::to_lower(each);
    for (std::size_t length = 1; length <= std::min(longest_ignored, seen.size()); ++length) {
      const std::size_t start = seen.size() - length;
      if (ignored_length(std::string_view(seen).substr(start)) == length) {
        seen.erase(start);
        break;
      }
    }
  }
  return seen;
}

}  // namespace

FileKind kind_of(std::string_view head) {
  // Programs for DOS and Windows have bytes of zero in their header, which text that begins so has not.
  if ((head.starts_with("MZ") || head.starts_with("ZM")) && !is_text(head)) return FileKind::windows_program;
  for (const Signature& signature : signatures) {
    if (fits(signature, head)) return signature.kind;
  }
  if (const auto kind = kind_of_cafebabe(head)) return *kind;
  if (is_bitmap(head)) return FileKind::image;
  if (is_old_tar(head)) return FileKind::tar;
  return is_text(head) ? kind_of_text(head) : FileKind::unknown;
}

bool is_executable(FileKind kind) {
  switch (kind) {
    case FileKind::jar:
    case FileKind::windows_program:
    case FileKind::elf:
    case FileKind::mach_o:
    case FileKind::java_class:
    case FileKind::script:
    case FileKind::shortcut:
    case FileKind::installer:
    case FileKind::help:
      return true;
    default:
      return false;
  }
}

std::string extension_of(std::string_view name) {
  std::string seen = shown_part(name);
  const auto slash = seen.find_last_of("/\\");
  if (slash != std::string::npos) seen.erase(0, slash + 1);
  // "a.exe::$DATA" is the content of a.exe on NTFS.
  if (const auto stream = seen.find(':', 2); stream != std::string::npos) seen.erase(stream);
  while (!seen.empty() && (seen.back() == '.' || base::is_space(seen.back()))) seen.pop_back();
  const auto dot = seen.rfind('.');
  if (dot == std::string::npos) return {};
  constexpr std::size_t max_extension = 32;
  std::string_view extension = base::trimmed(std::string_view(seen).substr(dot + 1)).substr(0, max_extension);
  extension = extension.substr(0, extension.find(':'));
  return std::string(base::trimmed(extension));
}

bool is_executable_extension(std::string_view extension) {
  return std::binary_search(executable_extensions.begin(), executable_extensions.end(), base::to_lower(extension));
}

}  // namespace connectord::inspect
