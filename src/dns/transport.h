#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

// What both ways to carry messages to servers have in common.
namespace connectord::dns {

// How a query ended.
enum class End : std::uint8_t { answered, timeout, failed };
// The message is there where the query was answered, and does not outlive the call.
using Done = std::function<void(End, std::span<const std::uint8_t>)>;

// How a query is repeated. Each round through the servers waits twice as long as the one before.
struct Schedule {
  int tries = 0;                       // for each server
  std::chrono::milliseconds first{0};  // how long the first try waits for an answer
};

// Is over when a lookup's time is. Three rounds get over lost packets; with many servers two do, as each wait would
// become too short otherwise.
inline Schedule doubling_schedule(std::size_t servers, std::chrono::milliseconds timeout) {
  using std::chrono::milliseconds;
  Schedule schedule;
  schedule.tries = servers > 2 ? 2 : 3;
  const auto waits = static_cast<milliseconds::rep>(servers) * ((1 << schedule.tries) - 1);
  schedule.first = std::max(timeout / std::max<milliseconds::rep>(waits, 1), milliseconds(20));
  return schedule;
}

}  // namespace connectord::dns
