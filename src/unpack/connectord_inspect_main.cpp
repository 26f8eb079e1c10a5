#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "confinement.h"
#include "connectord/base/files.h"
#include "connectord/inspect/answer.h"
#include "connectord/inspect/examination.h"
#include "libarchive_unpacker.h"

// connectord-inspect KIND LIMITS: reads an archive from standard input, and says on standard output what is in it.
// Started by connectord for one archive each; of no use to people.
namespace {

using namespace connectord;

struct Order {
  model::FileKind kind = model::FileKind::unknown;
  inspect::Limits limits;
};

std::optional<Order> read_order(int count, char** words) {
  if (count != 3) return std::nullopt;
  const auto kind = model::value_of<model::FileKind>(words[1]);
  const auto limits = inspect::read_limits(words[2]);
  if (!kind || !limits) return std::nullopt;
  return Order{.kind = *kind, .limits = *limits};
}

std::optional<std::string_view> map_input() {
  struct stat status {};
  if (::fstat(STDIN_FILENO, &status) != 0 || status.st_size < 0) return std::nullopt;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return std::string_view();
  void* bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
  if (bytes == MAP_FAILED) return std::nullopt;
  return std::string_view(static_cast<const char*>(bytes), size);
}

std::string answer_to(const Order& order, std::string_view bytes, const inspect::Unpacker& unpacker) {
  inspect::Answer answer;
  inspect::Budget budget(order.limits);
  inspect::Examination examination(order.limits, budget, unpacker, answer.contents);
  unpacker.unpack(bytes, order.kind, std::string(word_of(order.kind)), examination);
  answer.entries = order.limits.max_entries - budget.entries;
  answer.unpacked = order.limits.max_unpacked - budget.unpacked;
  return inspect::to_lines(answer);
}

}  // namespace

int main(int count, char** words) {
  const auto order = read_order(count, words);
  const auto bytes = order ? map_input() : std::nullopt;
  if (!bytes) {
    std::fputs("connectord-inspect is started by connectord, see connectord(8)\n", stderr);
    return 2;
  }
  // Names in archives become UTF-8.
  std::setlocale(LC_CTYPE, "C.UTF-8");
  const auto unpacker = unpack::make_libarchive_unpacker();
  constexpr std::chrono::seconds startup{1};
  unpack::Confinement confinement;
  confinement.max_memory += bytes->size();
  confinement.max_cpu_time = std::chrono::duration_cast<std::chrono::seconds>(order->limits.max_time) + startup;
  if (const auto confined = unpack::confine(confinement); !confined) {
    std::fprintf(stderr, "connectord-inspect: it cannot give up its rights: %s\n", confined.error().c_str());
    return 1;
  }
  const std::string lines = answer_to(*order, *bytes, *unpacker);
  return base::write_all(STDOUT_FILENO, lines) ? 0 : 1;
}
