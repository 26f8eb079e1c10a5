#include "connectord/match/text_set.h"

#include <gtest/gtest.h>

#include <set>

namespace connectord::match {
namespace {

std::set<TextSet::Owner> found(const TextSet& set, std::string_view text) {
  std::vector<TextSet::Owner> owners;
  EXPECT_TRUE(set.find(text, owners));
  return {owners.begin(), owners.end()};
}

bool word_in(std::string_view word, std::string_view text) {
  TextSet set;
  set.add_word(word, 1);
  EXPECT_TRUE(set.compile());
  return !found(set, text).empty();
}

TEST(TextSet, FindsWholeWordsInAnyCaseAndNoPartsOfOthers) {
  struct Case {
    std::string_view title, word, text;
    bool found;
  };
  const Case cases[] = {
      {"alone", "secret", "secret", true},
      {"other case", "Secret", "a sEcReT thing", true},
      {"between punctuation", "secret", "(secret).", true},
      {"the beginning of another word", "secret", "secretary", false},
      {"the end of another word", "secret", "topsecret", false},
      {"behind a part of another word", "secret", "secretary secret", true},
      {"joined by an underscore", "secret", "top_secret", false},
      {"joined by a hyphen", "secret", "top-secret", true},
      {"several words", "top secret", "It is top secret.", true},
      {"several words over a line end", "top secret", "It is top\r\n secret.", true},
      {"several words, and one goes on", "top secret", "top secrets", false},
      {"other letters than ASCII", "größe", "Die GRÖSSE? Nein: Die GRÖßE!", true},
      {"a letter beyond ASCII goes on", "gr", "größe", false},
      {"a mark on a letter goes on", "cafe", "cafe\xcc\x81", false},
      {"bytes that are no UTF-8 end a word", "secret",
       "\xff"
       "secret\xfe",
       true},
      {"an asterisk is itself", "se*", "secret", false},
      {"an asterisk that is there", "se*", "a se* here", true},
      {"signs alone", "$$$", "earn $$$ now", true},
      {"punctuation in front", ".exe", "a.exe", true},
      {"punctuation in front, and the word goes on", ".exe", "a.exec", false},
      {"nothing", "secret", "", false},
  };
  for (const Case& c : cases) EXPECT_EQ(word_in(c.word, c.text), c.found) << c.title;
}

TEST(TextSet, FindsWordsBehindLettersOfAllKinds) {
  struct Case {
    std::string_view title, word, text;
    bool found;
  };
  const Case cases[] = {
      {"of one letter", "x", "a x", true},
      {"of one letter at the end", "x", "x", true},
      {"of one letter within a word", "x", "ax xa", false},
      {"behind a letter beyond ASCII", "secret", "ö secret", true},
      {"joined to a letter beyond ASCII", "secret", "ösecret", false},
      {"behind a sign beyond ASCII", "secret", "–secret–", true},
      {"that begins beyond ASCII", "übung", "die Übung", true},
      {"that begins beyond ASCII, within a word", "übung", "vorübung", false},
      {"of another script", "секрет", "это СЕКРЕТ.", true},
      {"over spaces of all kinds", "top secret", "top\t\xc2\xa0\r\n\xe2\x80\x83secret", true},
      {"over a control character, which is no space", "top secret", "top\x1fsecret", false},
      {"a NUL ends a word", "secret", std::string_view("secret\0", 7), true},
  };
  for (const Case& c : cases) EXPECT_EQ(word_in(c.word, c.text), c.found) << c.title;
}

TEST(Folded, HasOneSpaceAndSmallLettersAndGrowsWhereTheseAreLonger) {
  std::string capitals;
  std::string small;
  for (int i = 0; i < 1000; ++i) {
    capitals += "\xc8\xba";   // U+023A
    small += "\xe2\xb1\xa5";  // U+2C65
  }
  EXPECT_EQ(folded(capitals + " \t\r\n A\xff" + capitals), small + " a\xef\xbf\xbd" + small);
  EXPECT_EQ(folded(" \xc2\xa0 Top  SECRET "), " top secret ");
}

TEST(TextSet, FindsPatternsAnywhereInAnyCase) {
  TextSet set;
  set.add_pattern(R"(\b\d{4}-\d{4}\b)", 1);
  set.add_pattern("^urgent", 2);
  set.add_pattern("größe", 3);
  ASSERT_TRUE(set.compile());
  EXPECT_EQ(found(set, "URGENT: 1234-5678"), (std::set<TextSet::Owner>{1, 2}));
  EXPECT_EQ(found(set, "not urgent: 12345-5678"), (std::set<TextSet::Owner>{}));
  EXPECT_EQ(found(set, "\xff GRÖßE"), (std::set<TextSet::Owner>{3}));
}

TEST(TextSet, TellsWhoseWordsAndPatternsTheyWere) {
  TextSet set;
  for (TextSet::Owner owner = 0; owner < 1000; ++owner) set.add_word("word" + std::to_string(owner), owner);
  set.add_word("word7", 5000);
  set.add_pattern("word9+", 6000);
  ASSERT_TRUE(set.compile());
  EXPECT_EQ(found(set, "word7 and word99"), (std::set<TextSet::Owner>{7, 99, 5000, 6000}));
}

TEST(WhyNoPattern, SaysWhatRe2DoesNotTake) {
  EXPECT_EQ(why_no_pattern(R"(\d+)"), "");
  EXPECT_EQ(why_no_pattern("(a"), "missing ): (a");
  EXPECT_EQ(why_no_pattern(R"((a)\1)"), "invalid escape sequence: \\1");
  EXPECT_EQ(why_no_pattern("a(?=b)"), "invalid perl operator: (?=");
  EXPECT_NE(why_no_pattern(""), "");
  EXPECT_NE(why_no_pattern(std::string(2000, 'a')), "");
  EXPECT_NE(why_no_pattern(R"((\pL{1,100}\pN{1,100}){8})"), "");
}

}  // namespace
}  // namespace connectord::match
