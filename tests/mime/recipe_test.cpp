#include "connectord/mime/recipe.h"

#include <gtest/gtest.h>

namespace connectord::mime {
namespace {

std::string applied(const Recipe& recipe, const Bytes& before) {
  std::string after;
  EXPECT_TRUE(apply(recipe, before, [&](std::string_view piece) { after += piece; }));
  return after;
}

const std::vector<std::pair<std::vector<Splice>, std::string>> splice_cases = {
    {{}, "0123456789"},
    {{{{0, 0}, "a"}}, "a0123456789"},
    {{{{10, 10}, "z"}}, "0123456789z"},
    {{{{5, 5}, "x"}, {{2, 4}, ""}}, "014x56789"},
    {{{{5, 5}, "x"}, {{5, 5}, "y"}, {{5, 6}, "z"}}, "01234xyz6789"},
    {{{{0, 10}, "all"}}, "all"},
    {{{{0, 10}, ""}}, ""},
};

TEST(MimeRecipe, MakesTheBodyOfSplicesAndBack) {
  const MemoryBytes before("0123456789");
  for (const auto& [splices, expected] : splice_cases) {
    const Recipe recipe(splices, before.size());
    EXPECT_EQ(applied(recipe, before), expected);
    const auto back = inverse(recipe, before);
    ASSERT_TRUE(back);
    EXPECT_EQ(applied(*back, MemoryBytes(expected)), "0123456789");
  }
}

TEST(MimeRecipe, IsSeenAsBytesWithoutACopy) {
  const MemoryBytes before("0123456789");
  for (const auto& [splices, expected] : splice_cases) {
    const Recipe recipe(splices, before.size());
    const EditedBytes after(recipe, before);
    EXPECT_EQ(after.size(), expected.size());
    EXPECT_EQ(applied(Recipe(), after), expected);
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(after.from(i).front(), expected[i]);
    const Recipe second({{{0, 0}, "2nd"}}, after.size());
    EXPECT_EQ(applied(second, after), "2nd" + expected);
  }
}

class BrokenBytes final : public Bytes {
 public:
  std::uint64_t size() const override { return 10; }
  std::string_view from(std::uint64_t offset) const override { return offset < 5 ? "01234" : std::string_view(); }
};

TEST(MimeRecipe, SaysWhereBytesCannotBeRead) {
  const Recipe recipe({{{6, 7}, "x"}}, 10);
  EXPECT_FALSE(apply(recipe, BrokenBytes(), [](std::string_view) {}));
  EXPECT_FALSE(inverse(recipe, BrokenBytes()));
}

}  // namespace
}  // namespace connectord::mime
