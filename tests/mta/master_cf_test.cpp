#include "connectord/mta/master_cf.h"

#include <gtest/gtest.h>

#include <string>

namespace connectord::mta {
namespace {

const std::string of_a_person =
    "# our own words\n"
    "smtp inet n - y - - smtpd\n"
    "  -o a=b\n"
    "connectord-x inet n - n - - smtpd\n"
    "smtp unix - - y - - smtp\n"
    "\n"
    "# the end\n";

ServiceChange adding(const std::string& name, const std::string& option) {
  return {name, "# connectord: what for\n" + name + " unix - - y - - smtp\n    -o " + option + "\n", "because"};
}

TEST(MasterCf, AddsServicesAtTheEndAndTakesThemOutToTheByte) {
  const std::string added =
      edited_master_cf(of_a_person, {adding("connectord-x", "a=1"), adding("connectord-y", "b=2")});
  EXPECT_EQ(added, of_a_person +
                       "# connectord: what for\nconnectord-x unix - - y - - smtp\n    -o a=1\n"
                       "# connectord: what for\nconnectord-y unix - - y - - smtp\n    -o b=2\n");
  EXPECT_EQ(edited_master_cf(added, {{"connectord-x", "", ""}, {"connectord-y", "", ""}}), of_a_person);
}

TEST(MasterCf, ReplacesAServiceAndLeavesItsNeighboursAlone) {
  const std::string before =
      edited_master_cf(of_a_person, {adding("connectord-x", "a=1"), adding("connectord-y", "b=2")});
  const std::string after = edited_master_cf(before, {adding("connectord-x", "a=3")});
  EXPECT_EQ(after, edited_master_cf(of_a_person, {adding("connectord-y", "b=2"), adding("connectord-x", "a=3")}));
}

TEST(MasterCf, ReadsAnyBlanksAndAFileWithoutAnEnd) {
  EXPECT_EQ(edited_master_cf("a unix - - n - - smtp", {adding("connectord-x", "a=1")}),
            "a unix - - n - - smtp\n# connectord: what for\nconnectord-x unix - - y - - smtp\n    -o a=1\n");
  EXPECT_EQ(edited_master_cf("connectord-x\tunix  - - n - - smtp\n\t-o a=b\n -o c=d\nb unix - - n - - smtp\n",
                             {{"connectord-x", "", ""}}),
            "b unix - - n - - smtp\n");
  EXPECT_EQ(edited_master_cf("", {{"connectord-x", "", ""}}), "");
  EXPECT_EQ(edited_master_cf(of_a_person, {}), of_a_person);
}

}  // namespace
}  // namespace connectord::mta
