#include "connectord/mime/html.h"

#include <gtest/gtest.h>

namespace connectord::mime {
namespace {

TEST(MimeHtml, IsReadAsPeopleSeeIt) {
  struct {
    const char* html;
    const char* text;
  } const cases[] = {
      {"<p>Hello</p><p>you</p>", "Hello\nyou"},
      {"in<b>vo</b>ice <!-- no -->now", "invoice now"},
      {"a&amp;b &lt;c&gt; &#8364;&#x20AC; &euro;&uuml;", "a&b <c> \xe2\x82\xac\xe2\x82\xac \xe2\x82\xac\xc3\xbc"},
      {"a &unknown; b &", "a &unknown b &"},
      {"<style>p { color: red }</style>x<script>a < b</script>y", "xy"},
      {"<title>The <b>title</title>x", "The <b>title\nx"},
      {"a < b", "a < b"},
      {"<a title=\"x > y\">link</a>", "link"},
      {"<a title='\"' b=c>link</a>", "link"},
      {"<!DOCTYPE html>\r\n<html>\r\n<body>\r\n  a\r\n  b<br>c\r\n</body>\r\n</html>\r\n", "a b\nc"},
      {"<!-->a<!--->b<!-- - -- -->c<!-- --!>d", "abcd"},
      {"<![CDATA[x]]>a<?php b ?>c", "ac"},
      {"a</>b</ x>c", "abc"},
  };
  for (const auto& one : cases) EXPECT_EQ(text_of_html(one.html), one.text) << one.html;
}

TEST(MimeHtml, IsTheSameHoweverItIsCut) {
  const std::string html = "<!DOCTYPE x><body a='>'>x&auml;&#x41;y<!-- </body> --><script></b></script>z</body>";
  HtmlText reader;
  HtmlPlaces whole;
  HtmlPlaces bytewise;
  whole.update(html);
  std::string text;
  for (const char c : html) {
    reader.update({&c, 1}, text);
    bytewise.update({&c, 1});
  }
  reader.finish(text);
  EXPECT_EQ(text,
            "x\xc3\xa4"
            "Ayz\n");
  EXPECT_EQ(whole.front(), bytewise.front());
  EXPECT_EQ(whole.back(), bytewise.back());
}

TEST(MimeHtml, HasAPlaceWhereAnInsertionIsSeen) {
  struct {
    const char* html;  // "{" marks the front, "}" the back; none: nothing can be seen there
  } const cases[] = {
      {"<html><body>{x}</body></html>"},
      {"{x}"},
      {"<!DOCTYPE html>{x}"},
      {"<html>{x}</html>"},
      {"<html><head></head>{x}</html>"},
      {"<BODY class=\"a>b\">{x</body>y}</BODY >"},
      {"<body>{x<!-- </body> -->}</body>"},
      {"<body>{x<script>'</body>'</script>y}</body>"},
      {"<body>{x<textarea></body></textarea>}</body>"},
      {"<body>{x<a title=\"</body>\">y}</body>"},
      {"<body>{x}</body></html> tail <!-- open"},
      {"<body>{x<!-- open"},
      {"<body>{x<style>open"},
      {"<body>{x<a href="},
      {"<body>{x<"},
  };
  for (const auto& one : cases) {
    std::string html = one.html;
    const std::size_t front = html.find('{');
    html.erase(front, 1);
    const std::size_t back = html.find('}');
    if (back != std::string::npos) html.erase(back, 1);
    HtmlPlaces places;
    places.update(html);
    EXPECT_EQ(places.front(), front) << one.html;
    EXPECT_EQ(places.back(), back == std::string::npos ? std::nullopt : std::optional<std::uint64_t>(back)) << one.html;
  }
}

TEST(MimeHtml, OfTextAndInAsciiReadsAsTheText) {
  const std::string text = "a <b> & \"\xc3\xbc\"\nnext \xf0\x9f\x98\x80";
  EXPECT_EQ(text_of_html(html_of_text(text)), text);
  EXPECT_EQ(text_of_html(ascii_html(html_of_text(text))), text);
  for (const char c : ascii_html(text)) EXPECT_GE(c, 0);
}

}  // namespace
}  // namespace connectord::mime
