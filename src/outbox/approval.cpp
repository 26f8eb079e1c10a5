#include "connectord/outbox/approval.h"

#include <algorithm>
#include <array>

#include "connectord/base/hexadecimal.h"
#include "connectord/base/number.h"
#include "connectord/base/text.h"

namespace connectord::outbox {
namespace {

constexpr std::string_view purpose_approval = "approval";
constexpr std::size_t max_code = 1024;

std::string bound_approval(std::string_view queue_id, std::string_view valid, std::string_view approver) {
  return std::string(queue_id) + " " + std::string(valid) + " " + std::string(approver);
}

// The parts between the dots, if there are exactly five.
std::optional<std::array<std::string_view, 5>> parts_of_code(std::string_view code) {
  std::array<std::string_view, 5> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t dot = code.find('.');
    if ((dot == std::string_view::npos) != (i + 1 == parts.size())) return std::nullopt;
    parts[i] = code.substr(0, dot);
    code.remove_prefix(dot == std::string_view::npos ? code.size() : dot + 1);
  }
  return parts;
}

}  // namespace

std::string approval_code(const Approval& approval, const Key& key) {
  const std::string valid = std::to_string(approval.valid);
  const std::string token =
      key.token(purpose_approval, bound_approval(approval.queue_id, valid, approval.approver), approval.asked);
  return approval.queue_id + "." + std::to_string(approval.asked) + "." + valid + "." +
         base::to_hex(approval.approver) + "." + token.substr(token.rfind(' ') + 1);
}

std::optional<Approval> read_approval_code(std::string_view code, const Key& key, std::int64_t unix_time) {
  const auto parts = code.size() <= max_code ? parts_of_code(code) : std::nullopt;
  if (!parts) return std::nullopt;
  const auto& [queue_id, asked, valid, approver_hex, mac] = *parts;
  const auto asked_at = base::whole_number<std::int64_t>(asked);
  const auto valid_for = base::whole_number<std::int64_t>(valid);
  const auto approver = base::from_hex(approver_hex);
  if (!asked_at || !valid_for || !approver || *asked_at < 0 || *valid_for < 0) return std::nullopt;
  // With a space in it, what the code is bound to could be divided in another way.
  if (!std::all_of(queue_id.begin(), queue_id.end(), [](char c) { return base::is_alpha(c) || base::is_digit(c); }))
    return std::nullopt;
  const std::string token =
      "v1 " + std::string(purpose_approval) + " " + std::to_string(*asked_at) + " " + std::string(mac);
  if (!key.verify(token, purpose_approval, bound_approval(queue_id, valid, *approver), unix_time, *valid_for)) {
    return std::nullopt;
  }
  return Approval{std::string(queue_id), *approver, *asked_at, *valid_for};
}

}  // namespace connectord::outbox
