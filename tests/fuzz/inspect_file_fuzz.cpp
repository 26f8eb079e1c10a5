#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/base/text.h"
#include "connectord/inspect/answer.h"
#include "connectord/inspect/examination.h"
#include "inspect/file_kind.h"

// Any file: zips, TNEF, compound files, RAR and 7z headers, PDF, gzip, messages and what they hold. The first byte
// chooses a name. Whatever it is, the limits hold, what was found can be passed to another process and read again, and
// names and reasons are fit to be shown.

namespace {

using namespace connectord;
using inspect::Examination;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

class Nobody final : public inspect::Unpacker {
 public:
  void unpack(std::string_view, model::FileKind, const std::string& name, Examination& examination) const override {
    examination.uninspectable(name + ": nobody unpacks it");
  }
};

const char* const names[] = {"a.zip", "winmail.dat", "a.docx", "a.eml", "a.doc", "a.rar", "a.7z", "a.pdf", "a", "a.gz"};

bool is_printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return base::is_ascii(c) && !base::is_control(c); });
}

void require_limits(const model::FileContents& contents, const inspect::Limits& limits) {
  std::size_t text = 0;
  for (const auto& each : contents.texts) text += each.size();
  require(text <= limits.max_text);
  std::size_t all_names = 0;
  for (const auto& each : contents.inner_names) all_names += each.size();
  require(all_names <= limits.max_names);
  for (const auto& each : contents.extensions) {
    require(!each.empty() && each == inspect::extension_of("x." + each));
    require(!inspect::is_executable_extension(each) || contents.is_executable());
  }
  for (const auto kind : contents.kinds) require(!inspect::is_executable(kind) || contents.is_executable());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string name = names[data[0] % std::size(names)];
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  inspect::Limits limits;
  limits.max_entries = 200;
  limits.max_unpacked = 1U << 20U;
  limits.max_text = 10'000;
  limits.max_names = 5'000;
  const auto contents = inspect::inspect_file({name}, bytes, Nobody(), limits);
  require_limits(contents, limits);
  require(is_printable(contents.executable + contents.uninspectable + contents.limit_exceeded));
  const inspect::Answer answer{.contents = contents, .entries = 1, .unpacked = 2};
  const auto read = inspect::read_answer(inspect::to_lines(answer));
  require(read && *read == answer);
  return 0;
}
