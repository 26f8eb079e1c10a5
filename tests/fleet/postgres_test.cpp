#include "fleet/postgres.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace connectord::fleet::postgres {
namespace {

TEST(FleetPostgres, OnlyWaysThatNobodyCanReadAreTaken) {
  struct Case {
    const char* uri;
    const char* words;  // of why not; "" for taken
  };
  for (const Case& one : std::vector<Case>{
           {"postgresql://c@db.example.net/connectord", ""},
           {"postgresql://c@db.example.net/connectord?sslmode=verify-full", ""},
           {"postgresql:///connectord", ""},
           {"postgresql://c@/connectord?host=/run/postgresql&sslmode=disable", ""},
           {"postgresql://c@%2Frun%2Fpostgresql/connectord", ""},
           {"postgresql://c@db.example.net/connectord?sslmode=verify-ca", "sslmode=verify-ca"},
           {"postgresql://c@a,b/connectord?sslmode=prefer", "write sslmode=verify-full"},
           {"postgresql://c@/connectord?host=/run/postgresql,db&sslmode=disable", "sslmode=disable"},
           {"postgresql://c@/connectord?hostaddr=192.0.2.1&sslmode=disable", "sslmode=disable"},
           {"postgresql://c:secret@db.example.net/connectord", "a password stands in it"},
           {"postgresql://c@[::1/secret", "this is no address"},
       }) {
    const std::string reason = why_not(one.uri);
    EXPECT_EQ(reason.empty(), *one.words == '\0') << one.uri << ": " << reason;
    EXPECT_NE(reason.find(one.words), std::string::npos) << one.uri << ": " << reason;
    EXPECT_EQ(reason.find("secret"), std::string::npos) << reason;
  }
}

TEST(FleetPostgres, AServerThatIsNotThereIsAnError) {
  const auto connection = Connection::connect({.uri = "postgresql://c@/connectord?host=/nonexistent"});
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, Error::Kind::unavailable);
  EXPECT_NE(connection.error().whole.find("/nonexistent"), std::string::npos) << connection.error().whole;
}

TEST(FleetPostgres, ValuesOfParametersAreText) {
  EXPECT_EQ(Parameter(std::int64_t{-5}).value(), "-5");
  EXPECT_EQ(Parameter(true).value(), "t");
  EXPECT_EQ(Parameter(std::nullopt).value(), std::nullopt);
  EXPECT_EQ(Parameter(std::optional<std::int64_t>(7)).value(), "7");
  EXPECT_EQ(Parameter(std::optional<std::string>()).value(), std::nullopt);
  EXPECT_TRUE(Parameter::bytes(std::string_view("\0x", 2)).is_binary());
}

}  // namespace
}  // namespace connectord::fleet::postgres
