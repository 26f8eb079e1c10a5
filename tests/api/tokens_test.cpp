#include "connectord/api/tokens.h"

#include <gtest/gtest.h>

namespace connectord::api {
namespace {

TEST(Tokens, AreFoundByTheirSecretAlone) {
  const NewToken reader = make_token("reader", Role::read, 1);
  const NewToken admin = make_token("admin", Role::admin, 2);
  EXPECT_NE(reader.secret, admin.secret);
  const auto tokens = parse_tokens(format_tokens({reader.token, admin.token})).value();
  const Token* found = find_token(tokens, admin.secret);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name, "admin");
  EXPECT_EQ(found->role, Role::admin);
  EXPECT_EQ(found->created, 2);
  for (const std::string& wrong : {std::string(), std::string("connectord_"), admin.secret + "0", admin.token.sha256,
                                   admin.secret.substr(0, admin.secret.size() - 1)}) {
    EXPECT_EQ(find_token(tokens, wrong), nullptr) << wrong;
  }
}

TEST(Tokens, StandInNoFile) {
  const NewToken made = make_token("reader", Role::read, 1);
  EXPECT_EQ(format_tokens({made.token}).find(made.secret.substr(11)), std::string::npos);
}

TEST(Tokens, OfAFileThatIsDamagedAreNone) {
  const std::string good = format_tokens({make_token("reader", Role::read, 1).token});
  EXPECT_TRUE(parse_tokens(good + "\n# note\n"));
  for (const char* line : {"x", "reader read sha256:00 1", "reader root sha256:", "a/b read sha256:"}) {
    const auto parsed = parse_tokens(good + line + "\n");
    ASSERT_FALSE(parsed) << line;
    EXPECT_NE(parsed.error().find("line 3"), std::string::npos) << parsed.error();
  }
  EXPECT_FALSE(parse_tokens(good.substr(0, good.size() - 4)));
}

}  // namespace
}  // namespace connectord::api
