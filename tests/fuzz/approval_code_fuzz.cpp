#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/outbox/approval.h"

namespace {

using connectord::outbox::Approval;
using connectord::outbox::Key;

constexpr std::int64_t asked = 1'795'392'000;

void check(bool holds) {
  if (!holds) __builtin_trap();
}

// A code that is taken says what another one for the same says.
void read_as_it_is(std::string_view code, const Key& key) {
  const auto read = read_approval_code(code, key, asked + 60);
  if (!read) return;
  const auto again = read_approval_code(approval_code(*read, key), key, asked + 60);
  check(again && again->queue_id == read->queue_id && again->approver == read->approver &&
        again->asked == read->asked && again->valid == read->valid);
}

// A code of ours, for an approver of the input's, with one of its characters another one.
void damage(std::string_view text, const Key& key) {
  constexpr std::size_t longest = 200;
  if (text.size() < 4) return;
  const auto number = [&text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const std::size_t place = number(0) * std::size_t{256} + number(1);
  const char put = text[2];
  const Approval approval{"4WqX1z2kbRz3Q", std::string(text.substr(3, longest)), asked, 172'800};
  std::string code = approval_code(approval, key);
  const auto read = read_approval_code(code, key, asked + 60);
  check(read && read->queue_id == approval.queue_id && read->approver == approval.approver);
  check(!read_approval_code(code, Key(std::string(32, 'o')), asked + 60));
  check(!read_approval_code(code, key, asked + approval.valid + 1));
  char& changed = code[place % code.size()];
  if (changed == put) return;
  changed = put;
  // Another spelling of the same hexadecimal digit says the same; nothing else does.
  const auto damaged = read_approval_code(code, key, asked + 60);
  check(!damaged || (damaged->queue_id == approval.queue_id && damaged->approver == approval.approver &&
                     damaged->asked == approval.asked && damaged->valid == approval.valid));
}

}  // namespace

// What somebody puts behind the path of our links.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Key key(std::string(32, 'k'));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_as_it_is(text, key);
  damage(text, key);
  return 0;
}
