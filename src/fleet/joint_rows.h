#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "connectord/trace/feed.h"
#include "connectord/trace/search.h"
#include "postgres.h"

// Rows of the joint trace, as PostgreSQL returns them, to what the trace's readers know.
namespace connectord::fleet {

// The columns of a message, each with `prefix` ("m."), for message_rows().
std::string message_columns(std::string_view prefix);

struct JointMessage {
  std::int64_t t = 0;
  std::int16_t host = 0;
  std::int64_t seq = 0;
  std::int16_t epoch = 0;
  trace::KeptMessage kept;  // its texts live as long as the rows, and what restored them
};

// Texts that had to be mended are what they were.
using Restored = std::deque<std::string>;
JointMessage joint_message(const postgres::Rows& rows, int row, Restored& restored);

// The bytes of a bytea in the form "\x0a0b".
std::string bytes_of(std::string_view text);

// Texts that messages refer to by number, as far as they were looked up.
class JointTexts {
 public:
  // Looks up what these refer to and is not known yet.
  postgres::Result<> load(postgres::Connection& connection, const std::vector<JointMessage>& messages);
  trace::Message decode(const JointMessage& message) const;

 private:
  // host, epoch, kind, number
  using Key = std::tuple<std::int16_t, std::int16_t, std::int16_t, std::int64_t>;
  std::map<Key, std::string> known_;
};

}  // namespace connectord::fleet
