#include "connectord/base/html_escape.h"

#include <gtest/gtest.h>

namespace connectord::base {
namespace {

TEST(HtmlEscaped, EndsNoElementAndNoAttribute) {
  EXPECT_EQ(html_escaped("<b title='x' id=\"y\">&"), "&lt;b title=&#39;x&#39; id=&quot;y&quot;&gt;&amp;");
  EXPECT_EQ(html_escaped("Grüße"), "Grüße");
}

}  // namespace
}  // namespace connectord::base
