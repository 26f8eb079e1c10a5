#pragma once

#include <map>
#include <memory>
#include <vector>

#include "connectord/dns/answer.h"

namespace connectord::dns {

// What DNS has answered about one message so far. The protocols (SPF, DKIM keys, DMARC) are written as pure functions
// over it: one asks for what it needs, and where an answer is missing notes the question and gives up for now; when the
// missing answers are there it runs again from its beginning. So no protocol blocks a thread, questions that do not
// depend on each other go out together, and a test needs a map and no resolver.
// Not thread-safe: one evaluation owns it.
class DnsAnswers {
 public:
  // The answer, or nullptr and the question is noted as missing.
  const Answer* ask(const Question& question);
  void add(const Question& question, std::shared_ptr<const Answer> answer);
  // The questions noted since the last call, each once.
  std::vector<Question> take_missing();

 private:
  std::map<Question, std::shared_ptr<const Answer>> known_;
  std::vector<Question> missing_;
};

}  // namespace connectord::dns
