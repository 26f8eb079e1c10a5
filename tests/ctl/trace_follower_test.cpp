#include "ctl/trace_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace connectord::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Rows by their numbers. What stands in `arriving` comes in between the two questions of a look.
class GrowingArchive : public trace::Archive {
 public:
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> arriving;

  tl::expected<std::int64_t, std::string> last_row() override {
    const std::int64_t last = rows.empty() ? 0 : rows.back();
    rows.insert(rows.end(), arriving.begin(), arriving.end());
    arriving.clear();
    return last;
  }
  tl::expected<trace::Page, std::string> search(const trace::Query& query) override {
    trace::Page page;
    for (const std::int64_t id : rows) {
      if (id <= query.after.value()) continue;
      if (page.rows.size() == query.limit) {
        page.next = std::to_string(page.rows.back().id);
        break;
      }
      page.rows.push_back({id, "", trace::Status::pending, 0, std::make_shared<trace::Message>()});
    }
    return page;
  }
  tl::expected<std::optional<trace::MessageTraceDetail>, std::string> detail(std::int64_t) override {
    return std::nullopt;
  }
  tl::expected<trace::Report, std::string> report(const trace::ReportQuery&) override { return trace::Report(); }
  tl::expected<std::vector<trace::Flow>, std::string> flows(std::int64_t, std::int64_t) override {
    return std::vector<trace::Flow>();
  }
  tl::expected<std::vector<std::string>, std::string> connectors() override { return std::vector<std::string>(); }
  tl::expected<trace::DmarcRowsEnd, std::string> dmarc_rows(const trace::DmarcRows&,
                                                            const trace::TakeDmarcRow&) override {
    return trace::DmarcRowsEnd();
  }
  tl::expected<std::vector<std::string>, std::string> rules() override { return std::vector<std::string>(); }
};

class Follower : public ::testing::Test {
 protected:
  std::vector<std::int64_t> look() {
    std::vector<std::int64_t> ids;
    const auto page = follower_.look(archive_);
    for (const trace::Row& row : page->rows) ids.push_back(row.id);
    more_ = !page->next.empty();
    return ids;
  }

  GrowingArchive archive_;
  TraceFollower follower_{[] {
    trace::Query query;
    query.limit = 3;
    return query;
  }()};
  bool more_ = false;
};

TEST_F(Follower, BeginsWithWhatComesAfterTheFirstLook) {
  archive_.rows = {1, 2};
  EXPECT_THAT(look(), IsEmpty());
  archive_.rows.push_back(3);
  EXPECT_THAT(look(), ElementsAre(3));
  EXPECT_THAT(look(), IsEmpty());
}

TEST_F(Follower, ShowsARowOnceThatComesWhileItLooks) {
  EXPECT_THAT(look(), IsEmpty());
  archive_.arriving = {1, 2};
  EXPECT_THAT(look(), ElementsAre(1, 2));
  EXPECT_THAT(look(), IsEmpty());
}

TEST_F(Follower, SaysWhereThereAreMoreThanAPage) {
  EXPECT_THAT(look(), IsEmpty());
  archive_.rows = {1, 2, 3, 4, 5};
  EXPECT_THAT(look(), ElementsAre(1, 2, 3));
  EXPECT_TRUE(more_);
  EXPECT_THAT(look(), ElementsAre(4, 5));
  EXPECT_FALSE(more_);
}

TEST_F(Follower, BeginsAnewWhereTheTraceWasSetAside) {
  archive_.rows = {1, 2, 3};
  EXPECT_THAT(look(), IsEmpty());
  archive_.rows = {1};
  EXPECT_THAT(look(), ElementsAre(1));
}

}  // namespace
}  // namespace connectord::ctl
