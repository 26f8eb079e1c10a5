#include "connectord/dns/dns_answers.h"

#include <algorithm>
#include <utility>

namespace connectord::dns {

const Answer* DnsAnswers::ask(const Question& question) {
  if (const auto found = known_.find(question); found != known_.end()) return found->second.get();
  if (std::find(missing_.begin(), missing_.end(), question) == missing_.end()) missing_.push_back(question);
  return nullptr;
}

void DnsAnswers::add(const Question& question, std::shared_ptr<const Answer> answer) {
  std::erase(missing_, question);
  known_.insert_or_assign(question, std::move(answer));
}

std::vector<Question> DnsAnswers::take_missing() {
  return std::exchange(missing_, {});
}

}  // namespace connectord::dns
