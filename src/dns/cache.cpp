#include "connectord/dns/cache.h"

#include <algorithm>

namespace connectord::dns {
namespace {

// What an entry takes, list and map nodes included; near enough to keep a limit.
std::size_t bytes_of(const Question& question, const Answer& answer) {
  std::size_t bytes = 300 + 2 * question.name.capacity() + sizeof(Answer);
  bytes += answer.addresses.capacity() * sizeof(net::IpAddress);
  for (const auto& text : answer.texts) bytes += sizeof(std::string) + text.capacity();
  for (const auto& name : answer.names) bytes += sizeof(std::string) + name.capacity();
  for (const auto& exchanger : answer.exchangers) bytes += sizeof(MailExchanger) + exchanger.name.capacity();
  for (const auto& association : answer.associations) bytes += sizeof(Tlsa) + association.data.capacity();
  return bytes;
}

}  // namespace

std::chrono::seconds Cache::lifetime(const Answer& answer) const {
  switch (answer.status) {
    case Status::found:
      return std::clamp(answer.ttl, limits_.shortest_ttl, std::max(limits_.shortest_ttl, limits_.max_ttl));
    case Status::nodata:
    case Status::nxdomain:
      return std::clamp(answer.ttl, limits_.shortest_ttl, std::max(limits_.shortest_ttl, limits_.max_negative_ttl));
    case Status::timeout:
    case Status::error:
      return limits_.failure_ttl;
    case Status::invalid:
      break;  // known without asking
  }
  return std::chrono::seconds(0);
}

std::shared_ptr<const Answer> Cache::find(const Question& question, Time now) {
  const base::MutexLock lock(mutex_);
  const auto found = index_.find(question);
  if (found == index_.end()) return nullptr;
  const auto entry = found->second;
  if (entry->expires <= now) {
    erase(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->answer;
}

void Cache::insert(const Question& question, std::shared_ptr<const Answer> answer, Time now) {
  const auto kept_for = lifetime(*answer);
  const std::size_t bytes = bytes_of(question, *answer);
  if (kept_for <= std::chrono::seconds(0) || bytes > limits_.bytes || limits_.entries == 0) return;
  const base::MutexLock lock(mutex_);
  if (const auto old = index_.find(question); old != index_.end()) erase(old->second);
  while (!entries_.empty() && (entries_.size() >= limits_.entries || bytes_ + bytes > limits_.bytes)) {
    erase(std::prev(entries_.end()));
  }
  entries_.push_front({question, std::move(answer), now + kept_for, bytes});
  index_.emplace(question, entries_.begin());
  bytes_ += bytes;
}

std::size_t Cache::size() const {
  const base::MutexLock lock(mutex_);
  return entries_.size();
}

void Cache::erase(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  index_.erase(entry->question);
  entries_.erase(entry);
}

}  // namespace connectord::dns
