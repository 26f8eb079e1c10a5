#include "connectord/mail/authentication_results.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/mail/header_field.h"

namespace connectord::mail {
namespace {

using namespace std::string_literals;

model::DkimSignature signature() {
  model::DkimSignature signature;
  signature.result = model::DkimResult::pass;
  signature.domain = "example.com";
  signature.selector = "s2026";
  signature.identity = "@example.com";
  signature.algorithm = "rsa-sha256";
  signature.signature_start = "AbCd1234";
  return signature;
}

model::SpfOutcome spf(model::SpfResult result, std::string domain) {
  model::SpfOutcome outcome;
  outcome.result = result;
  outcome.domain = std::move(domain);
  return outcome;
}

TEST(AuthenticationResults, TellsEveryMethodWithItsProperties) {
  AuthenticationResults results("mx.example.net");
  results.add_spf(spf(model::SpfResult::pass, "example.com"), "user+tag@example.com", "mail.example.com");
  auto failed = signature();
  failed.result = model::DkimResult::fail;
  failed.identity = "user@sub.example.com";
  failed.signature_start = "a/b+c=12";
  failed.problem = "body hash did not verify";
  results.add_dkim({signature(), failed});
  model::DmarcOutcome dmarc;
  dmarc.result = model::DmarcResult::pass;
  dmarc.from_domain = dmarc.record_domain = "example.com";
  dmarc.policy = model::DmarcPolicy::reject;
  results.add_dmarc(dmarc);
  results.add_tls(model::Tls{model::TlsVersion::tls1_3, "TLSv1.3", "TLS_AES_256_GCM_SHA384", 256});
  EXPECT_EQ(results.value(),
            "mx.example.net;\n"
            "\tspf=pass smtp.mailfrom=user+tag@example.com smtp.helo=mail.example.com;\n"
            "\tdkim=pass header.d=example.com header.i=@example.com header.s=s2026\n"
            "\t  header.a=rsa-sha256 header.b=AbCd1234;\n"
            "\tdkim=fail reason=\"body hash did not verify\" header.d=example.com\n"
            "\t  header.i=user@sub.example.com header.s=s2026 header.a=rsa-sha256\n"
            "\t  header.b=\"a/b+c=12\";\n"
            "\tdmarc=pass header.from=example.com policy.dmarc=reject;\n"
            "\tx-tls=pass smtp.version=TLSv1.3 smtp.cipher=TLS_AES_256_GCM_SHA384\n"
            "\t  smtp.bits=256");
}

TEST(AuthenticationResults, SaysSoWhereThereIsNothing) {
  AuthenticationResults nothing("mx.example.net");
  EXPECT_EQ(nothing.value(), "mx.example.net; none");
  AuthenticationResults results("mx.example.net");
  results.add_dkim({});
  results.add_tls(std::nullopt);
  EXPECT_EQ(results.value(), "mx.example.net;\n\tdkim=none;\n\tx-tls=none");
}

TEST(AuthenticationResults, TheNullSenderIsToldByItsHelo) {
  AuthenticationResults results("mx.example.net");
  results.add_spf(spf(model::SpfResult::pass, "mail.example.com"), "", "mail.example.com");
  EXPECT_EQ(results.value(), "mx.example.net;\n\tspf=pass smtp.helo=mail.example.com");
}

TEST(AuthenticationResults, ASenderWithAStrangeLocalPartIsToldByItsDomain) {
  for (const char* sender : {"\"a b\"@example.com", "a;b@example.com", "victim.example(@example.com", "a'b@example.com",
                             "\"admin@victim.example\"@example.com", "\xc3\xbc@example.com"}) {
    AuthenticationResults results("mx.example.net");
    results.add_spf(spf(model::SpfResult::fail, "example.com"), sender, "");
    EXPECT_EQ(results.value(), "mx.example.net;\n\tspf=fail smtp.mailfrom=example.com") << sender;
  }
}

TEST(AuthenticationResults, AnInternationalSenderIsWrittenInALabels) {
  AuthenticationResults results("mx.example.net");
  results.add_spf(spf(model::SpfResult::pass, "xn--bcher-kva.example"),
                  "user@b\xc3\xbc"
                  "cher.example",
                  "");
  EXPECT_EQ(results.value(), "mx.example.net;\n\tspf=pass smtp.mailfrom=user@xn--bcher-kva.example");
}

// Takes quoted strings out, so that what is left is what a reader takes for structure.
std::string structure_of(const std::string& value) {
  std::string structure;
  bool in_quotes = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (in_quotes && value[i] == '\\') {
      ++i;
    } else if (value[i] == '"') {
      in_quotes = !in_quotes;
    } else if (!in_quotes) {
      structure += value[i];
    }
  }
  EXPECT_FALSE(in_quotes) << value;
  return structure;
}

TEST(AuthenticationResults, NothingFromOutsideBecomesStructure) {
  const std::string attacks[] = {
      "x; dmarc=pass",
      "x\r\n dmarc=pass",
      "x\nAuthentication-Results: mx.example.net; dmarc=pass",
      "x\" dmarc=pass",
      "x\\",
      "x\\\" dmarc=pass",
      "x (comment",
      "x) dmarc=pass (",
      "legitimate.example'a.evil.example",
      "\0x; dmarc=pass"s,
      "\xff\xfe; dmarc=pass",
      "\xc3\xbc; dmarc=pass",
      "x@y; dmarc=pass",
      std::string(100'000, 'a'),
      std::string(5'000, '"'),
      std::string(5'000, '\\'),
      std::string(5'000, '('),
  };
  for (const std::string& attack : attacks) {
    AuthenticationResults results("mx.example.net");
    auto failed = spf(model::SpfResult::fail, attack);
    failed.problem = attack;
    results.add_spf(failed, attack, attack);
    model::DkimSignature bad;
    bad.domain = bad.selector = bad.identity = bad.algorithm = bad.signature_start = bad.problem = attack;
    results.add_dkim({bad});
    model::DmarcOutcome dmarc;
    dmarc.from_domain = dmarc.record_domain = dmarc.problem = attack;
    results.add_dmarc(dmarc);
    results.add_tls(model::Tls{model::TlsVersion::tls1_2, attack, attack, 128});
    const std::string structure = structure_of(results.value());
    EXPECT_EQ(std::count(structure.begin(), structure.end(), ';'), 4) << base::printable(structure, 2000);
    EXPECT_EQ(std::count(structure.begin(), structure.end(), '('), 0) << base::printable(structure, 2000);
    EXPECT_EQ(structure.find("dmarc=pass"), std::string::npos) << base::printable(structure, 2000);
    const auto line = unfold(results.value());
    ASSERT_TRUE(line) << line.error();
    EXPECT_TRUE(std::all_of(line->begin(), line->end(), base::is_ascii));
    EXPECT_EQ(read_authserv_id(results.value()), "mx.example.net");
  }
}

TEST(AuthenticationResults, LinesStayBelowTheLimitOfTheMailFormat) {
  AuthenticationResults results(std::string(300, 'a'));
  auto long_one = signature();
  long_one.domain = long_one.selector = long_one.identity = std::string(5000, '"');
  results.add_dkim(std::vector<model::DkimSignature>(1000, long_one));
  const std::string value = results.value();
  EXPECT_LT(value.size(), 200'000U);
  for (std::size_t begin = 0; begin < value.size();) {
    const auto end = std::min(value.find('\n', begin), value.size());
    EXPECT_LT(end - begin, 998U - 24U);
    begin = end + 1;
  }
}

TEST(AuthenticationResults, ReadsWhoseResultsTheyAre) {
  const struct {
    std::string value;
    std::optional<std::string> id;
  } cases[] = {
      {"mx.example.net; spf=pass", "mx.example.net"},
      {"mx.example.net 1; spf=pass", "mx.example.net"},
      {"mx.example.net;", "mx.example.net"},
      {"mx.example.net", "mx.example.net"},
      {"mx.example.net; none", "mx.example.net"},
      {"\r\n\tmx.example.net;\r\n\tspf=pass", "mx.example.net"},
      {"(comment (nested)) mx.example.net (c) 1 (d); none", "mx.example.net"},
      {"\"mx.example.net\"; none", "mx.example.net"},
      {"\"mx.exam\\ple.net\" 1; none", "mx.example.net"},
      {"b\xc3\xbc"
       "cher.example; none",
       "b\xc3\xbc"
       "cher.example"},
      {"spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.com; dkim=none", std::nullopt},
      {"", std::nullopt},
      {"; none", std::nullopt},
      {"mx.example.net/1; none", std::nullopt},
      {"mx.example.net x; none", std::nullopt},
      {"(unclosed mx.example.net; none", std::nullopt},
      {"\"mx.example.net; none", std::nullopt},
      {"mx.example.net\rx; none", std::nullopt},
  };
  for (const auto& c : cases) EXPECT_EQ(read_authserv_id(c.value), c.id) << base::printable(c.value);
}

// So many parentheses that open a comment and are not closed, each of them within the one before.
std::string unclosed_comments(std::size_t count) {
  std::string text = "(";
  for (std::size_t i = 1; i < count; ++i) text += "\\(";
  return text;
}

TEST(AuthenticationResults, FindsFieldsThatClaimToBeOurs) {
  const std::string ours[] = {
      "mx.example.net; dmarc=pass",
      "MX.Example.NET; dmarc=pass",
      "mx.example.net.; dmarc=pass",
      " mx.example.net 1; dmarc=pass",
      "mx.example.net 99; dmarc=pass",
      "mx.example.net",
      "(x) \"mx.example.net\" (y); dmarc=pass",
      "\"MX\\.example.net\"; dmarc=pass",
      "\n\tmx.example.net;\n\tdmarc=pass",
      "\xef\xbd\x8d\xef\xbd\x98.example.net; dmarc=pass",  // fullwidth letters
      // cannot be read, and could be taken for ours
      "mx.example.net/1; dmarc=pass",
      "mx.example.net dmarc=pass",
      "mx.example.net, dmarc=pass",
      "<mx.example.net>; dmarc=pass",
      "mx(c).example.net; dmarc=pass",
      "mx .example.net; dmarc=pass",
      "\"mx.\"example.net; dmarc=pass",
      "mx.exam\\ple.net; dmarc=pass",
      "mx.example.net\0; dmarc=pass"s,
      "mx.example.net\r; dmarc=pass",
      "mx.exam\nple.net; dmarc=pass",
      "(unclosed; mx.example.net; dmarc=pass",
      "\"mx.example.net; dmarc=pass",
      "=?utf-8?q?mx=2Eexample.net?=; dmarc=pass",
      "\xff\xfe; dmarc=pass",
      "; mx.example.net; dmarc=pass",
      // Who would look for the end of each of these comments would never be done.
      "? " + unclosed_comments(5),
      std::string(max_read_value_length, ' ') + "mx.example.net; dmarc=pass",
  };
  for (const std::string& value : ours)
    EXPECT_TRUE(claims_authserv_id(value, "mx.example.net")) << base::printable(value);
  const std::string others[] = {
      "mx.example.com; dmarc=pass",
      "other.mx.example.net; dmarc=pass",
      "mx.example.net1; dmarc=pass",
      "mx.example.network; spf=pass smtp.helo=mx.example.net",
      "spf=pass smtp.mailfrom=example.com; dkim=none",
      "(mx.example.net) mx.example.com; dmarc=pass",
      "? " + unclosed_comments(4),
      "",
  };
  for (const std::string& value : others)
    EXPECT_FALSE(claims_authserv_id(value, "mx.example.net")) << base::printable(value);
}

TEST(AuthenticationResults, AnInternationalNameIsOursInBothItsForms) {
  for (const char* ours : {"b\xc3\xbc"
                           "cher.example",
                           "xn--bcher-kva.example"}) {
    EXPECT_TRUE(claims_authserv_id("xn--bcher-kva.example; none", ours));
    EXPECT_TRUE(
        claims_authserv_id("B\xc3\x9c"
                           "CHER.example; none",
                           ours));
    EXPECT_FALSE(claims_authserv_id("bucher.example; none", ours));
  }
}

}  // namespace
}  // namespace connectord::mail
