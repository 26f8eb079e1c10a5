// How a trace is followed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/trace/search.h"

namespace connectord::trace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Rows by their numbers. What stands in `arriving` comes in between the two questions of a look.
class GrowingArchive : public Archive {
 public:
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> arriving;

  tl::expected<std::int64_t, std::string> last_row() override {
    const std::int64_t last = rows.empty() ? 0 : rows.back();
    rows.insert(rows.end(), arriving.begin(), arriving.end());
    arriving.clear();
    return last;
  }
  tl::expected<Page, std::string> search(const Query& query) override {
    Page page;
    for (const std::int64_t id : rows) {
      if (id <= query.after.value()) continue;
      if (page.rows.size() == query.limit) {
        page.next = std::to_string(page.rows.back().id);
        break;
      }
      page.rows.push_back({id, "", Status::pending, 0, std::make_shared<Message>()});
    }
    return page;
  }
  tl::expected<std::optional<MessageTraceDetail>, std::string> detail(std::int64_t) override { return std::nullopt; }
  tl::expected<Report, std::string> report(const ReportQuery&) override { return Report(); }
  tl::expected<std::vector<Flow>, std::string> flows(std::int64_t, std::int64_t) override {
    return std::vector<Flow>();
  }
  tl::expected<std::vector<std::string>, std::string> connectors() override { return std::vector<std::string>(); }
  tl::expected<DmarcRowsEnd, std::string> dmarc_rows(const DmarcRows&, const TakeDmarcRow&) override {
    return DmarcRowsEnd();
  }
  tl::expected<std::vector<std::string>, std::string> rules() override { return std::vector<std::string>(); }
};

class TraceNews : public ::testing::Test {
 protected:
  std::vector<std::int64_t> look() {
    Query query;
    query.limit = 3;
    std::vector<std::int64_t> ids;
    const auto news = archive_.news(query, mark_);
    if (!news) return {-1};
    for (const Row& row : news->rows) ids.push_back(row.id);
    mark_ = news->mark;
    more_ = news->has_more;
    return ids;
  }

  GrowingArchive archive_;
  std::string mark_;
  bool more_ = false;
};

TEST_F(TraceNews, BeginsWithWhatComesAfterTheFirstLook) {
  archive_.rows = {1, 2};
  EXPECT_THAT(look(), IsEmpty());
  archive_.rows.push_back(3);
  EXPECT_THAT(look(), ElementsAre(3));
  EXPECT_THAT(look(), IsEmpty());
}

TEST_F(TraceNews, ShowsARowOnceThatComesWhileItLooks) {
  EXPECT_THAT(look(), IsEmpty());
  archive_.arriving = {1, 2};
  EXPECT_THAT(look(), ElementsAre(1, 2));
  EXPECT_THAT(look(), IsEmpty());
}

TEST_F(TraceNews, SaysWhereThereAreMoreThanAPage) {
  EXPECT_THAT(look(), IsEmpty());
  archive_.rows = {1, 2, 3, 4, 5};
  EXPECT_THAT(look(), ElementsAre(1, 2, 3));
  EXPECT_TRUE(more_);
  EXPECT_THAT(look(), ElementsAre(4, 5));
  EXPECT_FALSE(more_);
}

TEST_F(TraceNews, BeginsAnewWhereTheTraceWasSetAside) {
  archive_.rows = {1, 2, 3};
  EXPECT_THAT(look(), IsEmpty());
  archive_.rows = {1};
  EXPECT_THAT(look(), ElementsAre(1));
}

TEST_F(TraceNews, RefusesTheMarkOfAnother) {
  const auto news = archive_.news({}, "1.7_");
  ASSERT_FALSE(news.has_value());
  EXPECT_EQ(news.error(), "\"1.7_\" is no mark of this trace; begin anew without one");
}

}  // namespace
}  // namespace connectord::trace
