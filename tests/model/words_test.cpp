#include "connectord/model/words.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "connectord/api/tokens.h"
#include "connectord/dns/answer.h"
#include "connectord/model/authentication.h"
#include "connectord/model/decision.h"
#include "connectord/model/outbound.h"
#include "connectord/probe/report.h"
#include "connectord/simulate/backtest.h"
#include "connectord/sts/mta_sts.h"
#include "connectord/trace/entry.h"

namespace connectord::model {
namespace {

// What lies in files of released versions: the numbers of all values, in the order of their table.
template <class Enumeration>
constexpr bool is_stored_as(std::initializer_list<int> numbers) {
  std::size_t i = 0;
  if (numbers.size() != words<Enumeration>.size()) return false;
  for (const int number : numbers) {
    if (static_cast<int>(words<Enumeration>[i++].value) != number) return false;
  }
  return true;
}

static_assert(is_stored_as<Action>({0, 1, 2, 3, 4}));
static_assert(static_cast<int>(Action::accept) == 0 && static_cast<int>(Action::reject) == 1 &&
              static_cast<int>(Action::defer) == 2 && static_cast<int>(Action::quarantine) == 3);
static_assert(is_stored_as<IdentifiedBy>({0, 1, 2, 3}));
static_assert(static_cast<int>(IdentifiedBy::nothing) == 0 && static_cast<int>(IdentifiedBy::sender_domain) == 1 &&
              static_cast<int>(IdentifiedBy::client_network) == 2 && static_cast<int>(IdentifiedBy::certificate) == 3);
static_assert(is_stored_as<Outcome>({0, 1, 2, 3, 4}));
static_assert(static_cast<int>(Outcome::pass) == 0 && static_cast<int>(Outcome::fail) == 1 &&
              static_cast<int>(Outcome::temperror) == 2 && static_cast<int>(Outcome::not_applicable) == 3 &&
              static_cast<int>(Outcome::result) == 4);
static_assert(is_stored_as<SpfOutcome::Identity>({0, 1}));
static_assert(static_cast<int>(SpfOutcome::Identity::mail_from) == 0 &&
              static_cast<int>(SpfOutcome::Identity::helo) == 1);
static_assert(is_stored_as<trace::Stage>({0, 1, 2, 3}));
static_assert(static_cast<int>(trace::Stage::mail_from) == 0 && static_cast<int>(trace::Stage::rcpt_to) == 1 &&
              static_cast<int>(trace::Stage::message) == 2 && static_cast<int>(trace::Stage::mta) == 3);
static_assert(is_stored_as<trace::Direction>({0, 1, 2}));
static_assert(static_cast<int>(trace::Direction::inbound) == 0 && static_cast<int>(trace::Direction::outbound) == 1 &&
              static_cast<int>(trace::Direction::validation) == 2);
static_assert(is_stored_as<trace::Status>({0, 1, 2, 3, 4, 5}));
static_assert(static_cast<int>(trace::Status::getting_status) == 0 && static_cast<int>(trace::Status::pending) == 1 &&
              static_cast<int>(trace::Status::delivered) == 2 && static_cast<int>(trace::Status::failed) == 3 &&
              static_cast<int>(trace::Status::quarantined) == 4 && static_cast<int>(trace::Status::expanded) == 5);

template <class Enumeration>
class Words : public testing::Test {};

using Enumerations =
    testing::Types<Action, IdentifiedBy, Outcome, SpfResult, SpfOutcome::Identity, DkimResult, DmarcResult, DmarcPolicy,
                   ArcResult, Scenario, Mode, TlsVersion, TlsLevel, trace::Stage, trace::Direction, trace::Status,
                   dns::Status, api::Role, probe::Obstacle, probe::Direction, sts::StsPolicy::Mode, simulate::Change>;
TYPED_TEST_SUITE(Words, Enumerations);

TYPED_TEST(Words, LeadBackToTheirValues) {
  std::set<std::string_view> seen;
  for (const auto& [value, word] : words<TypeParam>) {
    EXPECT_EQ(word_of(value), word);
    EXPECT_EQ(to_string(value), word);
    EXPECT_EQ(value_of<TypeParam>(word), value) << word;
    EXPECT_EQ(stored_value<TypeParam>(static_cast<std::int64_t>(value)), value) << word;
    EXPECT_TRUE(seen.insert(word).second) << word << " stands twice";
  }
}

TYPED_TEST(Words, ReportWhatHasNone) {
  EXPECT_EQ(value_of<TypeParam>("of a newer version"), std::nullopt);
  EXPECT_EQ(to_string(stored_value<TypeParam>(99)), "unknown (99)");
  EXPECT_EQ(to_string(unrecognized<TypeParam>), "unknown");
}

TEST(StoredNumbers, OutOfRangeAreReportedWithoutTheNumber) {
  for (const std::int64_t number : {std::int64_t{-1}, std::int64_t{255}, std::int64_t{256}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(to_string(stored_value<Outcome>(number)), "unknown") << number;
  }
  EXPECT_EQ(to_string(stored_value<Outcome>(5)), "unknown (5)");
  EXPECT_EQ(to_string(stored_value<Outcome>(254)), "unknown (254)");
}

TEST(StoredWords, AreThoseOfReleasedVersions) {
  const auto all = []<class Enumeration>(Enumeration) {
    std::string text;
    for (const auto& [value, word] : words<Enumeration>) text.append(text.empty() ? "" : " ").append(word);
    return text;
  };
  EXPECT_EQ(all(SpfResult{}), "none neutral pass fail softfail temperror permerror");
  EXPECT_EQ(all(DkimResult{}), "none pass fail policy neutral temperror permerror");
  EXPECT_EQ(all(DmarcResult{}), "none pass fail temperror permerror");
  EXPECT_EQ(all(DmarcPolicy{}), "none quarantine reject");
  EXPECT_EQ(all(ArcResult{}), "none pass fail temperror");
  EXPECT_EQ(all(api::Role{}), "nobody read operate admin");
  EXPECT_EQ(all(probe::Obstacle{}),
            "none incomplete other_route not_resolved not_allowed unreachable not_ready no_starttls tls_failed "
            "certificate sts_policy not_authenticated rejected deferred");
  EXPECT_EQ(all(Action{}), "accept reject defer quarantine discard");
}

}  // namespace
}  // namespace connectord::model
