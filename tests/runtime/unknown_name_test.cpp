#include "connectord/runtime/unknown_name.h"

#include <gtest/gtest.h>

#include "trace/fixture.h"

namespace connectord::runtime {
namespace {

class UnknownConnector : public trace::test::TraceTest {};

TEST_F(UnknownConnector, IsOneThatNeitherTraceNorConfigurationHasAndTheOneThatWasMeantIsNamed) {
  open();
  append(trace::test::Mail().of("contoso"));
  model::Configuration configuration;
  configuration.inbound.emplace_back().name = "fabrikam";
  const auto problem = [&](const std::string& name) { return problem_with_connector(*archive(), name, configuration); };
  for (const char* known : {"contoso", "Contoso", "fabrikam", "none", ""}) EXPECT_EQ(problem(known), "") << known;
  EXPECT_EQ(problem("contso"), "there is no connector \"contso\"; did you mean \"contoso\"?");
  EXPECT_EQ(problem("fabrikan"), "there is no connector \"fabrikan\"; did you mean \"fabrikam\"?");
  EXPECT_EQ(problem("litware"), "there is no connector \"litware\"; see: connectorctl list");
}

class UnknownRule : public trace::test::TraceTest {};

TEST_F(UnknownRule, IsOneThatNeitherTraceNorConfigurationHasAndTheOneThatWasMeantIsNamed) {
  open();
  append(trace::test::Mail().matching("external-mark", {"bcc"}));
  model::Configuration configuration;
  configuration.rules.emplace_back().name = "confidential";
  const auto problem = [&](const std::string& name) { return problem_with_rule(*archive(), name, configuration); };
  for (const char* known : {"external-mark", "External-Mark", "confidential", ""})
    EXPECT_EQ(problem(known), "") << known;
  EXPECT_EQ(problem("external-marc"), "there is no rule \"external-marc\"; did you mean \"external-mark\"?");
  EXPECT_EQ(problem("lottery"), "there is no rule \"lottery\"; see: connectorctl rule list");
}

}  // namespace
}  // namespace connectord::runtime
