#include "connectord/socketmap/maps.h"

#include <gtest/gtest.h>

#include <vector>

#include "engine/outbound_builder.h"

namespace connectord::socketmap {
namespace {

using namespace engine::test;  // NOLINT: short forms of connectors
using model::TlsLevel;
using model::TlsVersion;

struct Case {
  std::string_view map;
  std::string key;
  std::string expected;
};

void check_all(const runtime::Generation& generation, const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    EXPECT_EQ(to_string(look_up(generation, one.map, one.key)), one.expected) << one.map << " " << one.key;
  }
}

runtime::Generation generation_of(std::vector<model::OutboundConnector> connectors,
                                  const std::vector<std::string>& accepted = {"example.net"}) {
  runtime::Generation generation;
  generation.policy = engine::test::compile(site(std::move(connectors), accepted));
  return generation;
}

TEST(SocketmapMaps, TransportIsTheRouteOfARecipient) {
  const auto generation = generation_of(
      {outbound("hosts").to({"contoso.com", "*.contoso.com"}).by({"[mx1.contoso.com]:25", "[2001:db8::1]"}),
       outbound("relay").to({"relay.example"}).by({"relay.contoso.com:587"}), outbound("mx").to({"fabrikam.com"}),
       outbound("tagged").of({"hybrid"}).by({"[h.example]"})});
  check_all(generation, {{"transport", "a@contoso.com", "OK smtp:[mx1.contoso.com]:25, [2001:db8::1]"},
                         {"transport", "a b@SUB.contoso.com", "OK smtp:[mx1.contoso.com]:25, [2001:db8::1]"},
                         {"transport", "a@relay.example", "OK smtp:relay.contoso.com:587"},
                         {"transport", "a@fabrikam.com", "OK smtp:"},
                         {"transport", "a@example.org", "NOTFOUND "},
                         {"transport", "a@example.net", "NOTFOUND "},
                         {"transport", "*", "NOTFOUND "},
                         {"transport", "contoso.com", "NOTFOUND "},
                         {"transport", ".contoso.com", "NOTFOUND "},
                         {"transport", "@contoso.com", "NOTFOUND "},
                         {"transport", "a@", "NOTFOUND "},
                         {"transport", "", "NOTFOUND "}});
}

TEST(SocketmapMaps, TlsPolicyIsInPostfixTermsThatVersion35KnowsToo) {
  const auto with = [](const std::string& name) {
    return outbound(name).to({name + ".example"}).by({"[" + name + "]:25"});
  };
  const auto generation =
      generation_of({with("none"), with("may").tls(TlsLevel::opportunistic), with("encrypt").tls(TlsLevel::require),
                     with("verify").tls(TlsLevel::verify, {}, TlsVersion::tls1_2, "/etc/ssl/ca.pem"),
                     with("match").tls(TlsLevel::match, {"mx.contoso.com", ".contoso.com"}, TlsVersion::tls1_3),
                     with("dane").tls(TlsLevel::dane, {}, TlsVersion::tls1_0),
                     with("old").tls(TlsLevel::require, {}, TlsVersion::tls1_1),
                     outbound("mx").to({"fabrikam.com", "*.fabrikam.com"}).tls(TlsLevel::dane)});
  check_all(generation,
            {{"tls-policy", "[none]:25", "NOTFOUND "},
             {"tls-policy", "[may]:25", "OK may"},
             {"tls-policy", "[encrypt]:25", "OK encrypt"},
             {"tls-policy", "[ENCRYPT]:25", "OK encrypt"},
             {"tls-policy", "[verify]:25", "OK verify protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1 tafile=/etc/ssl/ca.pem"},
             {"tls-policy", "[match]:25",
              "OK secure match=mx.contoso.com:.contoso.com protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1:!TLSv1.2"},
             {"tls-policy", "[dane]:25", "OK dane-only protocols=!SSLv2:!SSLv3"},
             {"tls-policy", "[old]:25", "OK encrypt protocols=!SSLv2:!SSLv3:!TLSv1"},
             {"tls-policy", "fabrikam.com", "OK dane-only"},
             {"tls-policy", "sub.fabrikam.com", "OK dane-only"},
             {"tls-policy", ".fabrikam.com", "NOTFOUND "},
             {"tls-policy", ".com", "NOTFOUND "},
             {"tls-policy", "encrypt", "NOTFOUND "},
             {"tls-policy", "[encrypt]", "NOTFOUND "},
             {"tls-policy", "encrypt.example", "NOTFOUND "}});
}

TEST(SocketmapMaps, HeaderIsTheRouteThatTheMilterChose) {
  auto made = site({outbound("hybrid-out").of({"hybrid"}).by({"[a.example]:25", "[b.example]"}),
                    outbound("mx-out").of({"branch"}).to({"fabrikam.com"}),
                    outbound("off").of({"other"}).by({"[c.example]"}).disabled()});
  made.server.milter = net::Endpoint{};
  runtime::Generation generation;
  generation.policy = engine::test::compile(made);
  check_all(generation, {{"header", "X-Connector-Route: hybrid-out", "OK FILTER smtp:[a.example]:25, [b.example]"},
                         {"header", "x-connector-ROUTE:hybrid-out ", "OK FILTER smtp:[a.example]:25, [b.example]"},
                         {"header", "X-Connector-Route: mx-out", "OK FILTER smtp:"},
                         {"header", "X-Connector-Route: off", "NOTFOUND "},
                         {"header", "X-Connector-Route: Hybrid-Out", "NOTFOUND "},
                         {"header", "X-Connector-Route: hybrid-out x", "NOTFOUND "},
                         {"header", "X-Connector-Route: ", "NOTFOUND "},
                         {"header", "X-Connector-Route", "NOTFOUND "},
                         {"header", "X-Connector: hybrid", "NOTFOUND "},
                         {"header", "Subject: X-Connector-Route: hybrid-out", "NOTFOUND "},
                         {"header", "", "NOTFOUND "}});
  made.server.milter.reset();
  made.organization.accepted_domains.clear();
  generation.policy = engine::test::compile(made);
  check_all(generation, {{"header", "X-Connector: hybrid", "OK FILTER smtp:[a.example]:25, [b.example]"},
                         {"header", "X-Connector: branch", "NOTFOUND "},
                         {"header", "X-Connector: nobody", "NOTFOUND "}});
}

TEST(SocketmapMaps, SaslPasswordIsThatOfTheNextHopAlone) {
  auto generation =
      generation_of({outbound("carrier").to({"*"}).by({"[smtp.carrier.example]:587"}).credentials("/etc/secret"),
                     outbound("lost").to({"a.example"}).by({"[lost.example]"}).credentials("/etc/lost"),
                     outbound("none").to({"b.example"}).by({"[none.example]"})});
  generation.secrets.credentials =
      std::make_shared<runtime::Credentials>(runtime::Credentials{{"carrier", "user:pass word"}});
  check_all(generation, {{"sasl-password", "[smtp.carrier.example]:587", "OK user:pass word"},
                         {"sasl-password", "[SMTP.carrier.example]:587", "OK user:pass word"},
                         {"sasl-password", "smtp.carrier.example", "NOTFOUND "},
                         {"sasl-password", "[smtp.carrier.example]", "NOTFOUND "},
                         {"sasl-password", "smtp.carrier.example:587", "NOTFOUND "},
                         {"sasl-password", "carol@example.net", "NOTFOUND "},
                         {"sasl-password", "carrier", "NOTFOUND "},
                         {"sasl-password", "[none.example]", "NOTFOUND "},
                         {"sasl-password", "[lost.example]", "TEMP connectord has no credentials for this next hop"}});
}

TEST(SocketmapMaps, MailertableIsTheRouteOfADomainInSendmailTerms) {
  const auto generation = generation_of(
      {outbound("hosts").to({"*.contoso.com"}).by({"[a.example]", "[2001:db8::1]:25"}),
       outbound("relay").to({"relay.example"}).by({"relay.contoso.com"}),
       outbound("port").to({"port.example"}).by({"[a.example]:587"}), outbound("mx").to({"fabrikam.com"})});
  check_all(generation, {{"mailertable", "mail.contoso.com", "OK esmtp:[a.example]:[IPv6:2001:db8::1]"},
                         {"mailertable", "CONTOSO.com", "OK esmtp:[a.example]:[IPv6:2001:db8::1]"},
                         {"mailertable", "relay.example", "OK esmtp:relay.contoso.com"},
                         {"mailertable", "fabrikam.com", "OK esmtp:fabrikam.com"},
                         {"mailertable", "port.example",
                          "TEMP connector port: Sendmail cannot be told of another port than 25: [a.example]:587"},
                         {"mailertable", "example.net", "NOTFOUND "},
                         {"mailertable", ".contoso.com", "NOTFOUND "},
                         {"mailertable", ".", "NOTFOUND "},
                         {"mailertable", "", "NOTFOUND "}});
}

TEST(SocketmapMaps, WhatSendmailCannotAskForIsNoRequirementLess) {
  const auto with = [](const std::string& name) { return outbound(name).to({name + ".example"}); };
  const auto generation =
      generation_of({with("none"), with("may").tls(TlsLevel::opportunistic), with("encrypt").tls(TlsLevel::require),
                     with("verify").tls(TlsLevel::verify), with("match").tls(TlsLevel::match, {"mx.contoso.com"}),
                     with("two").tls(TlsLevel::match, {"a.example", "b.example"}),
                     with("below").tls(TlsLevel::match, {".contoso.com"}), with("dane").tls(TlsLevel::dane),
                     with("version").tls(TlsLevel::require, {}, TlsVersion::tls1_2),
                     with("ca").tls(TlsLevel::verify, {}, TlsVersion::none, "/ca.pem"),
                     with("login").by({"[login.example]"}).credentials("/etc/secret")});
  check_all(
      generation,
      {{"sendmail_tls", "none.example", "NOTFOUND "},
       {"sendmail_tls", "may.example", "NOTFOUND "},
       {"sendmail_tls", "a@encrypt.example", "OK TEMP+ENCR:112"},
       {"sendmail_tls", "encrypt.example.", "OK TEMP+ENCR:112"},
       {"sendmail_tls", "verify.example", "OK TEMP+VERIFY:112"},
       {"sendmail_tls", "match.example", "OK TEMP+VERIFY:112+CN:mx.contoso.com"},
       {"sendmail_tls", "two.example",
        "TEMP connector two: Sendmail cannot compare a certificate with more than one whole name"},
       {"sendmail_tls", "below.example",
        "TEMP connector below: Sendmail cannot compare a certificate with more than one whole name"},
       {"sendmail_tls", "dane.example",
        "TEMP connector dane: Sendmail cannot be made to insist on DANE for one server"},
       {"sendmail_tls", "version.example",
        "TEMP connector version: Sendmail cannot ask for a TLS version of one server"},
       {"sendmail_tls", "ca.example", "TEMP connector ca: Sendmail cannot trust other authorities for one server"},
       {"sendmail_tls", "login.example", "TEMP connector login: Sendmail cannot be told of a password for one server"},
       {"sendmail_tls", "nobody", "NOTFOUND "}});
}

TEST(SocketmapMaps, AnUnknownMapIsToldWithTheOnesThereAre) {
  check_all(generation_of({}),
            {{"transprot", "*",
              "PERM there is no map \"transprot\"; write one of transport, tls-policy, header, sasl-password, "
              "mailertable, sendmail_tls"},
             {"a\nb\x01", "",
              "PERM there is no map \"a?b?\"; write one of transport, tls-policy, header, sasl-password, mailertable, "
              "sendmail_tls"}});
}

}  // namespace
}  // namespace connectord::socketmap
