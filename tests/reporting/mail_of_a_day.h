#pragma once

#include <string>
#include <utility>

#include "connectord/reporting/day.h"
#include "trace/fixture.h"

// A trace with mail that DMARC has judged.
namespace connectord::reporting::test {

inline constexpr Day today{trace::test::noon / trace::test::day};

struct JudgedMail : trace::test::Mail {
  JudgedMail() {
    facts.authentication.spf.emplace();
    spf().result = model::SpfResult::fail;
    spf().domain = "contoso.com";
    facts.authentication.dkim.emplace();
    model::DmarcOutcome& outcome = facts.authentication.dmarc.emplace();
    outcome.result = model::DmarcResult::fail;
    outcome.from_domain = outcome.record_domain = outcome.organizational_domain = "contoso.com";
    outcome.policy = outcome.published = model::DmarcPolicy::reject;
    outcome.record = "p=reject";
    decision.action = model::Action::reject;
  }
  model::DmarcOutcome& dmarc() { return *facts.authentication.dmarc; }
  model::SpfOutcome& spf() { return *facts.authentication.spf; }

  JudgedMail& about(const std::string& author, const std::string& record_domain) {
    dmarc().from_domain = author;
    dmarc().record_domain = dmarc().organizational_domain = record_domain;
    return *this;
  }
  JudgedMail& asked_for(model::DmarcPolicy policy, const std::string& record) {
    dmarc().policy = dmarc().published = policy;
    dmarc().record = record;
    return *this;
  }
  JudgedMail& signed_by(const std::string& domain, model::DkimResult result, const std::string& problem = "") {
    model::DkimSignature& signature = facts.authentication.dkim->emplace_back();
    signature.domain = domain;
    signature.selector = "s1";
    signature.result = result;
    signature.problem = problem;
    return *this;
  }
  JudgedMail& passing() {
    dmarc().result = model::DmarcResult::pass;
    dmarc().dkim_aligned = true;
    signed_by("contoso.com", model::DkimResult::pass);
    decision.action = model::Action::accept;
    return *this;
  }
  JudgedMail& let_in(const std::string& because) {
    decision.dmarc_override = because;
    decision.action = model::Action::accept;
    return *this;
  }
};

class DayTest : public trace::test::TraceTest {
 protected:
  void SetUp() override {
    TraceTest::SetUp();
    open();
  }
  void append(const JudgedMail& mail, int times = 1, bool is_reported = true) {
    for (int i = 0; i < times; ++i) {
      trace::Entry entry = mail.entry();
      entry.is_reported = is_reported;
      const auto kept = store_->append(entry);
      ASSERT_TRUE(kept.has_value()) << kept.error();
    }
  }
};

}  // namespace connectord::reporting::test
