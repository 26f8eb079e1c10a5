#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/trace/matcher.h"
#include "connectord/trace/search.h"
#include "joint_rows.h"
#include "postgres.h"

namespace connectord::fleet {

// Where a page ended: the last row on it.
struct JointPosition {
  std::int64_t t = 0;
  std::int64_t host = 0;
  std::int64_t seq = 0;

  std::string to_string() const;
  static std::optional<JointPosition> parse(const std::string& text);
  friend auto operator<=>(const JointPosition&, const JointPosition&) = default;
};

// One search of the joint trace, the newest first. It goes through candidates: the messages that have a term, or all
// where nothing of that kind is asked for. Texts are compared here, as they are in the
// trace of one host.
class JointSearch {
 public:
  using HostNames = std::map<std::int64_t, std::string>;

  JointSearch(postgres::Connection& connection, JointTexts& texts, const HostNames& hosts, const trace::Query& query)
      : connection_(connection), texts_(texts), hosts_(hosts), query_(query), matcher_(query) {}

  postgres::Result<trace::Page> run();
  // Of the page's rows.
  const std::vector<JointPosition>& positions() const { return positions_; }

  // In place of run(): looks at messages of one host in the order of their numbers, from the one on that has the row
  // behind `after`. All rows are looked at up to the number that is returned, which is `last` at the most.
  postgres::Result<std::int64_t> take_new(std::int64_t host, std::int64_t after, std::int64_t last);
  // Those that were found, in no order.
  std::vector<trace::Row> take_rows() { return std::move(page_.rows); }

 private:
  // Where the messages that have a term are found.
  struct Source {
    std::string_view table;
    std::string_view column;
    std::string_view seq;
    std::int32_t term = 0;
  };

  postgres::Result<> look_up(const std::vector<trace::Sought>& sought);
  postgres::Result<bool> find_candidates(const std::vector<Source>& sources, std::size_t most);
  postgres::Result<> take_messages(const postgres::Rows& keys);
  postgres::Result<> scan();
  postgres::Result<bool> take_between(std::int64_t begin);
  postgres::Result<> take(const postgres::Rows& rows);
  postgres::Result<> add_rows(const std::vector<JointMessage>& messages);
  bool holds(const trace::KeptMessage& kept) const;
  bool row_holds(const trace::Row& row) const;
  std::string conditions();
  std::string parameter(postgres::Parameter value);
  static Source source_of(const trace::Sought& sought);
  bool is_full() const { return page_.rows.size() > query_.limit; }

  postgres::Connection& connection_;
  JointTexts& texts_;
  const HostNames& hosts_;
  const trace::Query& query_;
  const trace::Matcher matcher_;
  postgres::Parameters parameters_;
  JointPosition position_;                          // of the message that may come next
  std::optional<JointPosition> last_page_ended_{};  // a message's rows up to this one were on the page before
  trace::Page page_;
  std::vector<JointPosition> positions_;  // of its rows
};

// Calls `take` with all rows of these messages, in their order, of each the highest number first. Those that were not
// decoded are left out.
postgres::Result<> rows_of(postgres::Connection& connection, const std::vector<JointMessage>& messages,
                           const std::vector<std::shared_ptr<const trace::Message>>& decoded,
                           const std::function<void(const JointMessage& message, trace::Row row)>& take);

}  // namespace connectord::fleet
