#include "connectord/mime/structure.h"

#include <gtest/gtest.h>

#include "message.h"
#include "mime/reader.h"

namespace connectord::mime {
namespace {

using test::message;

struct StructureCase {
  const char* name;
  const char* text;
  const char* outline;
};

const StructureCase structure_cases[] = {
    {"no MIME at all", "Subject: a\r\n\r\nHello\r\n", "text/plain [Hello\r\n]\n"},
    {"an empty body", "Content-Type: text/html\r\n\r\n", "text/html []\n"},
    {"two parts with preamble and epilogue",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: "
     "text/html\r\n\r\n<p>\r\n\r\n--b--\r\nepilogue",
     "multipart/mixed\n text/plain [one]\n text/html [<p>\r\n]\n"},
    {"a delimiter at the very beginning and the end",
     "Content-Type: multipart/mixed; boundary=\"b b\"\r\n\r\n--b b\r\n\r\n\r\n--b b--",
     "multipart/mixed\n text/plain []\n"},
    {"blanks behind delimiters", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b \t\r\n\r\none\r\n--b-- \r\n",
     "multipart/mixed\n text/plain [one]\n"},
    {"multiparts within one another",
     "Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\nContent-Type: multipart/alternative; "
     "boundary=in\r\n\r\n--in\r\n\r\nplain\r\n--in\r\nContent-Type: text/html\r\n\r\nhtml\r\n--in--\r\n\r\n--out\r\n"
     "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--out--\r\n",
     "multipart/mixed\n multipart/alternative\n  text/plain [plain]\n  text/html [html]\n application/pdf [%PDF]\n"},
    {"a message within a message",
     "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: multipart/mixed;\r\n boundary=\"=_x\"\r\n\r\n"
     "--=_x\r\n\r\none\r\n--=_x--\r\n",
     "message/rfc822\n multipart/mixed\n  text/plain [one]\n"},
    {"a digest, whose parts are messages",
     "Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: a\r\n\r\nbody a\r\n--d--\r\n",
     "multipart/digest\n message/rfc822\n  text/plain [body a]\n"},
    {"a boundary without quotes that has specials",
     "Content-Type: multipart/mixed; boundary=----=_Part_1:2; "
     "x=y\r\n\r\n------=_Part_1:2\r\n\r\none\r\n------=_Part_1:2--",
     "multipart/mixed\n text/plain [one]\n"},
    {"comments and folding in Content-Type",
     "Content-Type: (c) multipart / mixed (x;y)\r\n ; (z) boundary (q) = (r) \"b\"\r\n\r\n--b\r\n\r\none\r\n--b--",
     "multipart/mixed\n text/plain [one]\n"},
    {"upper case",
     "CONTENT-TYPE: MULTIPART/MIXED; BOUNDARY=B\r\n\r\n--B\r\nCONTENT-transfer-ENCODING: BASE64\r\n\r\nQQ==\r\n--B--",
     "multipart/mixed\n text/plain [A]\n"},
};

TEST(MimeStructure, FindsTheParts) {
  for (const auto& one : structure_cases) {
    const auto given = message(one.text);
    const auto structure = test::structure_of(given);
    EXPECT_EQ(test::outline(structure, given.body), one.outline) << one.name;
    EXPECT_FALSE(structure.is_doubtful()) << one.name << ": " << to_string(structure.doubts());
  }
}

struct DoubtCase {
  const char* name;
  const char* text;
  Doubt doubt;
  const char* strict;
  const char* lenient;  // nullptr: there is no other reading
};

const DoubtCase doubt_cases[] = {
    {"two Content-Type fields",
     "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--",
     Doubt::duplicate_field, "text/plain\n text/plain [x]\n", nullptr},
    {"two multiparts in two fields: the parts of both",
     "Content-Type: multipart/mixed; boundary=a\r\nContent-Type: multipart/mixed; "
     "boundary=b\r\n\r\n--a\r\n\r\nx\r\n--b\r\n\r\ny\r\n--a--",
     Doubt::duplicate_field, "multipart/mixed\n text/plain [x]\n text/plain [y]\n", nullptr},
    {"two boundaries in one field",
     "Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--", Doubt::duplicate_parameter,
     "multipart/mixed\n text/plain [x]\n", nullptr},
    {"a boundary in pieces", "Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\r\n\r\n--ab\r\n\r\nx\r\n--ab--",
     Doubt::bad_boundary, "multipart/mixed\n text/plain [x]\n", nullptr},
    {"no boundary", "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx", Doubt::bad_boundary, "multipart/mixed\n",
     nullptr},
    {"two encodings", "Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ==",
     Doubt::duplicate_field, "text/plain [QQ==]\n", nullptr},
    {"an encoding that nobody knows", "Content-Transfer-Encoding: x-uuencode\r\n\r\nx", Doubt::unknown_encoding,
     "text/plain [x]\n", nullptr},
    {"a type without a slash", "Content-Type: text\r\n\r\nx", Doubt::malformed_field, "text/plain [x]\n", nullptr},
    {"a multipart in base64",
     "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\n--b\r\n\r\nx\r\n--b--",
     Doubt::encoded_container, "multipart/mixed\n text/plain [x]\n", nullptr},
    {"no end", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n", Doubt::missing_end,
     "multipart/mixed\n text/plain [x\r\n]\n", nullptr},
    {"the end within a header", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html",
     Doubt::header_without_end, "multipart/mixed\n text/html []\n", nullptr},
    {"an inner multipart that the outer one ends",
     "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/mixed; "
     "boundary=i\r\n\r\n--i\r\n\r\n"
     "x\r\n--o\r\n\r\ny\r\n--o--",
     Doubt::missing_end, "multipart/mixed\n multipart/mixed\n  text/plain [x]\n text/plain [y]\n", nullptr},
    {"one boundary for two multiparts",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; "
     "boundary=b\r\n\r\n--b\r\n\r\n"
     "x\r\n--b--\r\n--b\r\n\r\ny\r\n--b--",
     Doubt::repeated_boundary, "multipart/mixed\n multipart/mixed\n  text/plain [x]\n text/plain [y]\n", nullptr},
    {"a line that begins as the delimiter does",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--bb\r\n\r\ny\r\n--b--",
     Doubt::lookalike_delimiter, "multipart/mixed\n text/plain [x\r\n--bb\r\n\r\ny]\n",
     "multipart/mixed\n text/plain [x]\n text/plain [y]\n"},
    {"blanks before the hyphens that would close",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b --\r\n--b--", Doubt::lookalike_delimiter,
     "multipart/mixed\n text/plain [x\r\n--b --]\n", "multipart/mixed\n text/plain [x]\n text/plain []\n"},
    {"a part behind the end",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n--b--",
     Doubt::delimiter_after_end, "multipart/mixed\n text/plain [x]\n",
     "multipart/mixed\n text/plain [x]\n text/plain [y]\n"},
    {"no empty line behind the header",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\nthis is no field\r\n"
     "Content-Disposition: attachment\r\n\r\nx\r\n--b--",
     Doubt::header_without_end,
     "multipart/mixed\n text/html [this is no field\r\nContent-Disposition: attachment\r\n\r\nx]\n",
     "multipart/mixed\n text/html [x]\n"},
    {"a line of blanks in a header",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n \r\n\r\nx\r\n--b--",
     Doubt::header_without_end, "multipart/mixed\n text/html [x]\n", "multipart/mixed\n text/html [\r\nx]\n"},
    {"a delimiter behind a bare CR", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r--b\r\ry\r\n--b--",
     Doubt::readings_differ, "multipart/mixed\n text/plain [x\r--b\r\ry]\n",
     "multipart/mixed\n text/plain [x]\n text/plain [y]\n"},
    {"a delimiter behind a bare LF", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\n--b--\r\n",
     Doubt::bare_line_end, "multipart/mixed\n text/plain [x]\n", nullptr},
};

TEST(MimeStructure, MarksWhatReadersSeeDifferentlyAndOffersBothReadings) {
  for (const auto& one : doubt_cases) {
    const auto given = message(one.text);
    const auto readings = read_structure(given.header, MemoryBytes(given.body));
    EXPECT_TRUE(readings[0].doubts().has(one.doubt)) << one.name << ": " << to_string(readings[0].doubts());
    EXPECT_EQ(test::outline(readings[0], given.body), one.strict) << one.name;
    ASSERT_EQ(readings.size(), one.lenient == nullptr ? 1U : 2U) << one.name;
    if (one.lenient != nullptr) {
      EXPECT_EQ(test::outline(readings[1], given.body), one.lenient) << one.name;
    }
  }
}

TEST(MimeStructure, IsTheSameHoweverTheBodyIsCutIntoChunks) {
  std::vector<std::string> texts;
  for (const auto& one : structure_cases) texts.emplace_back(one.text);
  for (const auto& one : doubt_cases) texts.emplace_back(one.text);
  for (const std::string& text : texts) {
    const auto given = message(text);
    for (const Reading reading : {Reading::strict, Reading::lenient}) {
      Reader whole(given.header, reading);
      Reader bytewise(given.header, reading);
      whole.update(given.body);
      for (const char c : given.body) bytewise.update({&c, 1});
      EXPECT_EQ(test::outline(whole.finish(), given.body), test::outline(bytewise.finish(), given.body)) << text;
      EXPECT_EQ(whole.has_second_reading(), bytewise.has_second_reading()) << text;
    }
  }
}

// Plain lines are passed over many bytes at a time; a line that counts may stand at any place behind them.
TEST(MimeStructure, IsTheSameWhereverInALongBodyADelimiterOrABareLineEndStands) {
  const auto given = message("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n");
  for (const std::string_view odd :
       {"--b\r\n\r\n", "-\r\n", "--b--\r\n", "\r", "\n", "\n--b\n\r\n", "\r\r\n", "\r\n"}) {
    for (std::size_t before = 0; before < 150; ++before) {
      std::string body = given.body;
      for (std::size_t i = 0; i < before; ++i) body += i % 29 == 28 ? "\r\n" : "x";
      body += before % 2 == 0 ? "\r\n" : "";
      body.append(odd).append(200, 'y').append("\r\nz\r\n--b--\r\n");
      Reader whole(given.header, Reading::strict);
      Reader bytewise(given.header, Reading::strict);
      whole.update(body);
      for (const char c : body) bytewise.update({&c, 1});
      EXPECT_EQ(whole.has_second_reading(), bytewise.has_second_reading()) << body;
      const Structure expected = bytewise.finish();
      const Structure found = whole.finish();
      EXPECT_EQ(test::outline(found, body), test::outline(expected, body)) << body;
      EXPECT_EQ(to_string(found.doubts()), to_string(expected.doubts())) << body;
    }
  }
}

TEST(MimeStructure, KnowsWhereAPartsFieldsStand) {
  const auto given = message(
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX-Other: 1\r\nContent-Type: "
      "text/plain;\r\n\tcharset=utf-8\r\n"
      "X-More: 2\r\n\r\nx\r\n--b--");
  const auto structure = test::structure_of(given);
  const Field& field = structure.parts[1].fields.at(0);
  EXPECT_EQ(field.value, " text/plain;\r\n\tcharset=utf-8");
  EXPECT_EQ(given.body.substr(field.line.begin, field.line.size()), "Content-Type: text/plain;\r\n\tcharset=utf-8\r\n");
  EXPECT_EQ(given.body.substr(field.value_place.begin, field.value_place.size()), field.value);
}

TEST(MimeStructure, StopsAtItsLimitsAndSaysSo) {
  std::string many = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 10'000; ++i) many += "--b\r\n\r\nx\r\n";
  std::string deep = "Content-Type: message/rfc822\r\n\r\n";
  for (int i = 0; i < 10'000; ++i) deep += "Content-Type: message/rfc822\r\n\r\n";
  const std::string large =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Description: " + std::string(100'000, 'x') +
      "\r\n\r\nx\r\n--b--";
  for (const auto& [text, most] : {std::pair{many, 1000U}, std::pair{deep, 21U}, std::pair{large, 2U}}) {
    const auto structure = test::structure_of(message(text));
    EXPECT_TRUE(structure.limit_exceeded);
    EXPECT_LE(structure.parts.size(), most);
  }
}

TEST(MimeStructure, KeepsLittleOfALongLine) {
  const auto given = message("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" +
                             std::string(5'000'000, 'x') + "\r\n--b--");
  const auto structure = test::structure_of(given);
  EXPECT_EQ(structure.parts.at(1).body.size(), 5'000'000U);
  EXPECT_FALSE(structure.is_doubtful());
}

}  // namespace
}  // namespace connectord::mime
