#include <gtest/gtest.h>

#include <sstream>

#include "connectord/mime/charset.h"
#include "connectord/mime/content_value.h"
#include "connectord/mime/encoded_word.h"
#include "connectord/mime/transfer_encoding.h"

namespace connectord::mime {
namespace {

struct Decoded {
  std::string bytes;
  bool is_malformed = false;

  bool operator==(const Decoded&) const = default;
};

void PrintTo(const Decoded& decoded, std::ostream* out) {
  *out << testing::PrintToString(decoded.bytes) << (decoded.is_malformed ? " malformed" : "");
}

Decoded decode(TransferEncoding encoding, std::string_view text, std::size_t chunk) {
  TransferDecoder decoder(encoding);
  Decoded decoded;
  for (std::size_t i = 0; i < text.size(); i += chunk) decoder.update(text.substr(i, chunk), decoded.bytes);
  decoder.finish(decoded.bytes);
  decoded.is_malformed = decoder.is_malformed();
  return decoded;
}

struct TransferCase {
  TransferEncoding encoding;
  std::string_view text;
  Decoded decoded;
};

TEST(MimeTransferDecoder, ReadsWhatIsSoundAndWhatIsNot) {
  constexpr auto qp = TransferEncoding::quoted_printable;
  constexpr auto b64 = TransferEncoding::base64;
  const TransferCase cases[] = {
      {TransferEncoding::eight_bit, "a=\xfc", {"a=\xfc"}},
      {qp, "a=3Db=e4", {"a=b\xe4"}},
      {qp, "soft=\r\nbreak=  \t\r\n!", {"softbreak!"}},
      {qp, "blanks  \t\r\nb ", {"blanks\r\nb"}},
      {qp, "a\r\nb\n", {"a\r\nb\n"}},
      {qp, "a=3", {"a=3", true}},
      {qp, "a=zz b", {"a=zz b", true}},
      {qp, "a==3D", {"a==", true}},
      {qp, "end=", {"end", true}},
      {qp, "end=\r\n", {"end"}},
      {qp, "a\rb", {"a\rb", true}},
      {b64, "QUJD\r\nRA==", {"ABCD"}},
      {b64, "QUI=", {"AB"}},
      {b64, "QUJDRA", {"ABCD", true}},
      {b64, "Q!U*JD", {"ABC", true}},
      {b64, "QQ==QQ==", {"AA", true}},
      {b64, "QUJD====", {"ABC", true}},
      {b64, "", {""}},
  };
  for (const auto& one : cases) {
    for (const std::size_t chunk : {1U, 3U, 1000U})
      EXPECT_EQ(decode(one.encoding, one.text, chunk), one.decoded) << one.text;
  }
}

TEST(MimeTransferEncoding, IsUndoneByTheDecoder) {
  const std::string texts[] = {"",
                               "--b\r\n--",
                               std::string(200, '-'),
                               "a",
                               "ab ",
                               "\xc3\xbc=\r\n",
                               std::string(500, 'x') + " \r\n.",
                               "From me\r\n\t\r\nx\ty",
                               std::string(40, '=') + "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"};
  for (const std::string& text : texts) {
    for (const std::size_t chunk : {1U, 1000U}) {
      EXPECT_EQ(decode(TransferEncoding::base64, encode_base64(text), chunk), Decoded{text});
      EXPECT_EQ(decode(TransferEncoding::quoted_printable, encode_quoted_printable(text), chunk), Decoded{text});
    }
  }
}

TEST(MimeTransferEncoding, NeverCutsACharacterNorMakesLongLines) {
  const std::string umlauts = [] {
    std::string text;
    for (int i = 0; i < 200; ++i) text += i % 3 == 0 ? "\xe2\x82\xac" : i % 3 == 1 ? "x" : "\xc3\xbc";
    return text;
  }();
  std::istringstream lines(encode_quoted_printable(umlauts));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 77U);
    EXPECT_TRUE(line.starts_with("=E2=82=AC") || line.starts_with("x") || line.starts_with("=C3=BC")) << line;
  }
}

TEST(MimeTransferEncoding, NeverBeginsALineAsADelimiterDoes) {
  EXPECT_EQ(encode_quoted_printable("--b\r\n-- \r\n-c"), "=2D-b\r\n=2D-=20\r\n-c");
}

TEST(MimeCharset, DecodesAndEncodes) {
  struct {
    const char* charset;
    const char* bytes;
    const char* text;
    CharsetKind kind;
  } const cases[] = {
      {"iso-8859-1", "gr\xfc\xdf", "gr\xc3\xbc\xc3\x9f", CharsetKind::ascii_based},
      {"windows-1252", "\x80", "\xe2\x82\xac", CharsetKind::ascii_based},
      {"UTF-8", "\xc3\xbc", "\xc3\xbc", CharsetKind::ascii_based},
      {"koi8-r", "\xc1", "\xd0\xb0", CharsetKind::ascii_based},
      {"gb2312", "\xc4\xe3", "\xe4\xbd\xa0", CharsetKind::ascii_based},
      {"gb18030", "\xc4\xe3", "\xe4\xbd\xa0", CharsetKind::ascii_based},
      {"big5", "\xa7\x41", "\xe4\xbd\xa0", CharsetKind::ascii_based},
      {"shift_jis", "\x82\xa0", "\xe3\x81\x82", CharsetKind::ascii_based},
      {"euc-kr", "\xb0\xa1", "\xea\xb0\x80", CharsetKind::ascii_based},
      {"iso-2022-jp", "\x1b$B$\"\x1b(B", "\xe3\x81\x82", CharsetKind::iso_2022_jp},
      {"utf-7", "+AOQ-", "\xc3\xa4", CharsetKind::other},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(decode_charset(one.bytes, one.charset), one.text) << one.charset;
    EXPECT_EQ(encode_charset(one.text, one.charset), one.bytes) << one.charset;
    EXPECT_EQ(kind_of_charset(one.charset), one.kind) << one.charset;
  }
  EXPECT_EQ(kind_of_charset("utf-16"), CharsetKind::other);
  EXPECT_EQ(encode_charset("\xe2\x82\xac", "iso-8859-1"), std::nullopt);
}

TEST(MimeCharset, OpensNoFilesForNamesThatNobodyKnows) {
  for (const char* name : {"", "../../etc/passwd", "x-unknown", "utf-8,swaplfnl", "ISO-8859-1//TRANSLIT", "a b"}) {
    EXPECT_EQ(kind_of_charset(name), CharsetKind::unknown) << name;
  }
}

TEST(MimeCharset, GuessesAsMailProgramsDoWhereTheNameIsUnknown) {
  EXPECT_EQ(decode_charset("\xc3\xbc", "x-unknown"), "\xc3\xbc");
  EXPECT_EQ(decode_charset("\xfc", "x-unknown"), "\xc3\xbc");
  EXPECT_EQ(decode_charset("a\xff", "us-ascii"), "a\xef\xbf\xbd");
}

TEST(MimeEncodedWords, AreReadAsPeopleSeeThem) {
  struct {
    const char* raw;
    const char* text;
  } const cases[] = {
      {"plain", "plain"},
      {"=?utf-8?Q?gr=C3=BCn?=", "gr\xc3\xbcn"},
      {"=?ISO-8859-1?q?a_b?= c", "a b c"},
      {"=?utf-8?b?Zm9v?=\n =?utf-8?b?YmFy?=", "foobar"},
      {"=?utf-8?b?w7w=?= =?iso-8859-1?q?=FC?=", "\xc3\xbc\xc3\xbc"},
      {"Re: =?utf-8*de?B?w7w=?= x", "Re: \xc3\xbc x"},
      {"=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "\xc3\xbc"},
      {"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
      {"=?utf-8?q?open", "=?utf-8?q?open"},
      {"a =? b", "a =? b"},
      {"raw \xc3\xbc", "raw \xc3\xbc"},
      {"raw \xfc", "raw \xc3\xbc"},
      {"=?iso-2022-jp?B?GyRCJCIbKEI=?=", "\xe3\x81\x82"},
      {" folded\r\n value", "folded value"},
  };
  for (const auto& one : cases) EXPECT_EQ(decode_header_text(one.raw), one.text) << one.raw;
}

TEST(MimeEncodedWords, OfOursAreShortWholeAndReadBack) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "\xe2\x82\xac";
  const std::string words = encode_words(text);
  EXPECT_EQ(decode_header_text(words), text);
  std::istringstream each(words);
  for (std::string word; each >> word;) EXPECT_LE(word.size(), 75U);
}

TEST(MimeParameters, OffersEveryNameThatAReaderMaySee) {
  using testing::Contains;
  struct {
    const char* raw;
    const char* name;
  } const cases[] = {
      {"attachment; filename=a.exe", "a.exe"},
      {"attachment; filename=\"a b.exe\"", "a b.exe"},
      {"attachment; filename=my file.exe", "my file.exe"},
      {"attachment; filename=my file.exe", "my"},
      {"attachment; filename=\"a\\\"b.exe\"", "a\"b.exe"},
      {"attachment; filename=\"=?utf-8?q?inv=2Eexe?=\"", "inv.exe"},
      {"attachment; filename=\"=?utf-8?b?aW52?=\n =?utf-8?b?LmV4ZQ==?=\"", "inv.exe"},
      {"attachment; filename*=utf-8''%e2%82%ac.bat", "\xe2\x82\xac.bat"},
      {"attachment; filename*0=\"invoice.\"; filename*1=bat", "invoice.bat"},
      {"attachment; filename*1*=%2Ebat; filename*0*=utf-8'en'invoice", "invoice.bat"},
      {"attachment; filename*0=a; filename*2=.exe", "a"},
      {"attachment; filename*0=a; filename*2=.exe", "a.exe"},
      {"attachment; filename=a.txt; filename*=utf-8''b.exe", "b.exe"},
      {"attachment; filename=a.txt; filename*=utf-8''b.exe", "a.txt"},
      {"attachment; filename=a.txt; filename=b.exe", "b.exe"},
      {"attachment; filename=\"open.exe", "open.exe"},
      {"attachment filename=a.exe; filename=b.exe", "b.exe"},
      {"attachment; FileName = (c) x.exe (d)", "x.exe"},
      {"attachment; filename=\"fol\r\n ded.exe\"", "fol ded.exe"},
  };
  for (const auto& one : cases) {
    EXPECT_THAT(parameter_readings(parse_content_value(one.raw), "filename"), Contains(one.name)) << one.raw;
  }
}

}  // namespace
}  // namespace connectord::mime
