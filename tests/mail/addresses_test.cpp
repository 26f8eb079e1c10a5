#include "connectord/mail/addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace connectord::mail {
namespace {

TEST(AddressesIn, FindsWhatIsAnAddressAndNothingElse) {
  struct Case {
    std::string_view title, raw;
    std::vector<std::string> addresses;
  };
  const Case cases[] = {
      {"bare", " carol@example.net", {"carol@example.net"}},
      {"in brackets", " Carol <carol@example.net>", {"carol@example.net"}},
      {"several, folded", " Carol <carol@example.net>,\n dave@example.net", {"carol@example.net", "dave@example.net"}},
      {"an address as the name", " \"ceo@example.net\" <mallory@example.org>", {"mallory@example.org"}},
      {"an address as a name without quotes",
       " ceo@example.net <mallory@example.org>",
       {"ceo@example.net", "mallory@example.org"}},
      {"in a comment", " carol@example.net (ceo@example.net (and) more)", {"carol@example.net"}},
      {"a group", " friends: a@x.example, b@y.example;, c@z.example", {"a@x.example", "b@y.example", "c@z.example"}},
      {"a quoted local part", " \"a, b\"@x.example", {"\"a, b\"@x.example"}},
      {"behind brackets", " <a@x.example> b@y.example", {"a@x.example"}},
      {"blanks around the at", " a @ x.example", {"a@x.example"}},
      {"a source route", " <@relay.example,@other.example:a@x.example>", {"a@x.example"}},
      {"no address", " undisclosed-recipients:;", {}},
      {"not closed", " <a@x.example", {"a@x.example"}},
      {"an open quote", " \"a@x.example", {}},
      {"nothing", "", {}},
  };
  for (const Case& c : cases) EXPECT_THAT(addresses_in(c.raw), ::testing::ElementsAreArray(c.addresses)) << c.title;
}

}  // namespace
}  // namespace connectord::mail
