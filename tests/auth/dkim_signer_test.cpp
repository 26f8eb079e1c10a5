#include "connectord/auth/dkim_signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>

#include <random>

#include "auth/dkim_opendkim.h"
#include "auth/dkim_signing.h"

namespace connectord::auth {
namespace {

using model::DkimResult;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace testing;  // NOLINT: this test's own helpers

const DkimPrivateKey& rsa() {
  static const DkimPrivateKey key = *DkimPrivateKey::make(DkimAlgorithm::rsa_sha256);
  return key;
}
const DkimPrivateKey& ed25519() {
  static const DkimPrivateKey key = *DkimPrivateKey::make(DkimAlgorithm::ed25519_sha256);
  return key;
}

// Both keys are there for the same domain.
const std::vector<DkimSigningIdentity>& identities() {
  static const std::vector<DkimSigningIdentity> both = {{"example.com", "r1", {}, rsa()},
                                                        {"example.com", "e1", {}, ed25519()}};
  return both;
}

dns::testing::Zone signer_zone() {
  dns::testing::Zone zone;
  zone.txt("r1._domainkey.example.com", rsa().record());
  zone.txt("e1._domainkey.example.com", ed25519().record());
  return zone;
}

DkimHeaders headers_of(const Message& message, std::size_t most = 1 << 24) {
  DkimHeaders headers(most);
  for (const auto& [name, value] : message.headers) headers.add(name, value);
  return headers;
}

tl::expected<std::vector<std::string>, std::string> sign(const Message& message,
                                                         const std::vector<DkimSigningIdentity>& with = identities(),
                                                         std::size_t chunk_size = 65536) {
  std::vector<const DkimSigningIdentity*> chosen;
  for (const auto& identity : with) chosen.push_back(&identity);
  auto signer = DkimSigner::begin(headers_of(message), chosen);
  if (!signer) return tl::unexpected(signer.error());
  const std::string_view body = message.body;
  for (std::size_t i = 0; i < body.size(); i += chunk_size) signer->body(body.substr(i, chunk_size));
  return signer->finish(now);
}

// With a signature of each identity on top, as a mail server sends it.
Message signed_by_us(Message message, const std::vector<DkimSigningIdentity>& with = identities(),
                     std::size_t chunk_size = 65536) {
  const auto values = sign(message, with, chunk_size);
  if (!values) throw std::runtime_error(values.error());
  for (const std::string& value : *values) {
    message.headers.insert(message.headers.begin(), {"DKIM-Signature", " " + value});
  }
  return message;
}

void expect_all_pass(const Message& message, const std::string& what) {
  const auto results = verify(message, signer_zone());
  EXPECT_EQ(results.size(), identities().size()) << what;
  for (const auto& result : results) {
    EXPECT_EQ(result.result, DkimResult::pass) << what << ": " << result.algorithm << ' ' << result.problem;
    EXPECT_FALSE(result.body_length_limited);
  }
}

Message message_with_body(std::string body) {
  Message message = plain_message();
  message.body = std::move(body);
  return message;
}

TEST(DkimSigner, MakesOneSignatureForEachKeyThatSaysWhatItIs) {
  const Message message = signed_by_us(plain_message());
  const auto results = verify(message, signer_zone());
  ASSERT_EQ(results.size(), 2U);
  for (const auto& result : results) {
    EXPECT_EQ(result.result, DkimResult::pass) << result.problem;
    EXPECT_EQ(result.domain, "example.com");
  }
  EXPECT_EQ(results[0].algorithm, "ed25519-sha256");
  EXPECT_EQ(results[1].algorithm, "rsa-sha256");
  const std::string value = message.headers[1].second;
  EXPECT_THAT(value, HasSubstr("c=relaxed/relaxed"));
  EXPECT_THAT(value, HasSubstr("t=1700000000"));
  EXPECT_THAT(value, Not(HasSubstr("l=")));
}

TEST(DkimSigner, FoldsItsFieldIntoShortLines) {
  const auto values = sign(plain_message());
  ASSERT_TRUE(values);
  for (const std::string& value : *values) {
    std::string_view rest = value;
    std::size_t column = std::string_view("DKIM-Signature: ").size();
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      EXPECT_LE(column + end, 78U) << value;
      if (end < rest.size()) {
        EXPECT_EQ(rest[end + 1], '\t');
      }
      rest.remove_prefix(std::min(end + 1, rest.size()));
      column = 0;
    }
  }
}

// What a body may be like when a user has sent it, and in which pieces it may come.
TEST(DkimSigner, SignsEveryBodySoThatItVerifies) {
  const std::string nul(1, '\0');
  const std::vector<std::string> bodies = {"",
                                           "\r\n",
                                           "no line end",
                                           "text\r\n\r\n\r\n",
                                           " \t \r\n\t\r\n",
                                           "bare\rreturn\r\n",
                                           "bare\nfeed\r\n",
                                           "a\r",
                                           "a\r\r\n",
                                           "a" + nul + "b\r\n",
                                           "\xff\x80 8 bit\r\n",
                                           ".\r\n..\r\n.dot\r\n",
                                           std::string(100'000, 'x') + "\r\n",
                                           "ends in spaces  \t"};
  for (const std::string& body : bodies) {
    for (const std::size_t chunk_size : {std::size_t{1}, std::size_t{2}, std::size_t{65536}}) {
      if (chunk_size < 65536 && body.size() > 1000) continue;
      expect_all_pass(signed_by_us(message_with_body(body), identities(), chunk_size), body.substr(0, 20));
    }
  }
}

TEST(DkimSigner, SignsEveryHeaderSoThatItVerifies) {
  std::string folds;
  for (int i = 0; i < 1000; ++i) folds += "\n ";
  const std::vector<Header> fields = {{"Subject", ""},
                                      {"Subject", " \n \t"},
                                      {"Subject", " a\rb"},
                                      {"Subject", " \xff\xfe"},
                                      {"Subject", folds + "x"},
                                      {"Subject ", " obsolete"},
                                      {"SUBJECT", std::string(100'000, 'x')},
                                      {"To", " a@example.org,\n\tb@example.org"},
                                      {"", " no name"},
                                      {"DKIM-Signature", " ;;==;;"},
                                      {"X-Sub;ject", " v"}};
  for (const Header& field : fields) {
    Message message = plain_message();
    message.headers.push_back(field);
    message = signed_by_us(std::move(message));
    const auto results = verify(message, signer_zone());
    EXPECT_EQ(results[0].result, DkimResult::pass) << field.first << results[0].problem;
    EXPECT_EQ(results[1].result, DkimResult::pass) << field.first << results[1].problem;
  }
}

TEST(DkimSigner, LetsNobodyChangeOrAddAFieldThatCounts) {
  const Message message = signed_by_us(plain_message());
  for (const char* name : {"From", "To", "Cc", "Subject", "Reply-To"}) {
    Message more = message;
    more.headers.insert(more.headers.begin(), {name, " added@example.org"});
    EXPECT_EQ(verify(more, signer_zone())[0].result, DkimResult::fail) << name;
    more = message;
    more.headers.push_back({name, " added@example.org"});
    EXPECT_EQ(verify(more, signer_zone())[0].result, DkimResult::fail) << name;
  }
}

// A mail server or a mailing list adds these after us.
TEST(DkimSigner, ForgivesFieldsThatAreAddedOnTheWay) {
  const Message message = signed_by_us(plain_message());
  for (const char* name : {"Date", "Message-ID", "Received", "List-Id", "Resent-From", "X-Anything"}) {
    Message more = message;
    more.headers.insert(more.headers.begin(), {name, " <added@example.org>"});
    expect_all_pass(more, name);
  }
}

std::vector<std::string> names_for(const std::vector<Header>& fields, const std::vector<std::string>& wanted) {
  Message message;
  message.headers = fields;
  return signed_header_names(headers_of(message), wanted).value_or(std::vector<std::string>{"too many"});
}

TEST(DkimSigner, NamesEachFieldOnceMoreThanItIsThere) {
  const std::vector<Header> fields = {{"From", " a"}, {"DATE", " d"}, {"List-Id", " l"}, {"list-id", " m"}};
  EXPECT_THAT(names_for(fields, {"From"}), ElementsAre("From", "From"));
  EXPECT_THAT(names_for(fields, {"Subject"}), ElementsAre("Subject"));
  EXPECT_THAT(names_for(fields, {"Date"}), ElementsAre("Date", "Date"));
  EXPECT_THAT(names_for(fields, {"Message-ID"}), IsEmpty());
  EXPECT_THAT(names_for(fields, {"List-Id"}), ElementsAre("List-Id", "List-Id"));
  EXPECT_THAT(names_for(fields, {"From", "X-Mine"}), ElementsAre("From", "From"));
}

TEST(DkimSigner, DoesNotSignWhatItCannotKeepOrName) {
  Message message = plain_message();
  for (int i = 0; i < 300; ++i) message.headers.push_back({"To", " a@example.org"});
  EXPECT_THAT(sign(message).error(), HasSubstr("more header fields than can be signed (To 301 times)"));
  EXPECT_THAT(DkimSigner::begin(headers_of(plain_message(), 50), {&identities()[0]}).error(),
              HasSubstr("longer than is kept"));
}

std::string random_pieces(std::mt19937& random, const std::vector<std::string>& from, std::size_t most) {
  std::string text;
  for (std::size_t i = random() % most; i > 0; --i) text += from[random() % from.size()];
  return text;
}

Message random_signed_message(std::mt19937& random) {
  Message message;
  const std::vector<std::string> values = {"a", "B c", "  ", "\t", "\n ", "\r\n\t", "x=y;", "\xc3\xa4", ":"};
  message.headers.push_back({"From", " a@example.com"});
  for (const char* name : {"Subject", "Date", "received", "To", "List-Id", "Content-Type", "cc", "Cc"}) {
    if (random() % 4 != 0) message.headers.push_back({name, " v" + random_pieces(random, values, 8) + "z"});
  }
  message.headers.push_back({"X-Not-Signed", " "});
  message.body = random_pieces(random, {"a", "word", " ", "\t", "  ", "\r\n", "\r\n\r\n", std::string(3000, 'x')}, 40);
  return message;
}

// A body without a line end at its end is no syntax error to us, and is one to libopendkim.
TEST(DkimSigner, IsVerifiedByOurselvesAndByLibopendkimOnRandomMessages) {
  const Opendkim opendkim;
  std::mt19937 random(3);  // NOLINT: the same messages each time
  for (int i = 0; i < 300; ++i) {
    const bool is_rsa = i % 4 != 0;
    Message message = random_signed_message(random);
    expect_all_pass(signed_by_us(message, identities(), 1 + random() % 100), message.body.substr(0, 40));
    if (!message.body.ends_with("\r\n")) message.body += "\r\n";
    // libopendkim wants its fields folded with CRLF.
    for (auto& [name, value] : message.headers) {
      for (auto at = value.find('\n'); at != std::string::npos; at = value.find('\n', at + 2)) {
        if (value[at - 1] != '\r') value.insert(at, 1, '\r');
      }
    }
    Message sent = signed_by_us(message, {identities()[is_rsa ? 0 : 1]});
    std::string& value = sent.headers.front().second;
    for (auto at = value.find('\n'); at != std::string::npos; at = value.find('\n', at + 2)) value.insert(at, 1, '\r');
    EXPECT_TRUE(opendkim.verifies(sent, (is_rsa ? rsa() : ed25519()).record())) << value;
  }
}

std::string pem_of(EVP_PKEY* key, const EVP_CIPHER* cipher = nullptr) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  char password[] = "secret";
  PEM_write_bio_PrivateKey(bio.get(), key, cipher, nullptr, 0, nullptr, cipher == nullptr ? nullptr : password);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

TEST(DkimPrivateKey, IsReadBackFromItsOwnPem) {
  for (const DkimPrivateKey* key : {&rsa(), &ed25519()}) {
    const auto again = DkimPrivateKey::parse(key->to_pem());
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(again->record(), key->record());
    EXPECT_EQ(again->algorithm(), key->algorithm());
  }
  EXPECT_THAT(rsa().record(), ::testing::StartsWith("v=DKIM1; k=rsa; p=MIIBIjANBg"));
  EXPECT_EQ(ed25519().record().size(), std::string("v=DKIM1; k=ed25519; p=").size() + 44);
}

TEST(DkimPrivateKey, IsRefusedInWordsThatSayWhatToDoAndNothingOfTheKey) {
  const auto elliptic = std::shared_ptr<EVP_PKEY>(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::string pem = rsa().to_pem();
  struct Case {
    std::string pem;
    const char* words;
  };
  for (const Case& one : {Case{"", "this is not PEM"}, Case{std::string("\0\1\2", 3), "this is not PEM"},
                          Case{"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "cannot sign"},
                          Case{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot sign"},
                          Case{pem.substr(0, 900), "no private key that OpenSSL can read"},
                          Case{pem_of(rsa_key().get(), EVP_aes_128_cbc()), "the key has a password"},
                          Case{pem_of(PrivateKey::rsa(1024).get()), "has 1024 bits, fewer than the 2048"},
                          Case{pem_of(elliptic.get()), "of the kind EC, and DKIM knows RSA and Ed25519 only"}}) {
    const auto key = DkimPrivateKey::parse(one.pem);
    ASSERT_FALSE(key) << one.words;
    EXPECT_THAT(key.error(), HasSubstr(one.words));
    EXPECT_THAT(key.error(), Not(HasSubstr(pem.substr(100, 20))));
  }
}

}  // namespace
}  // namespace connectord::auth
