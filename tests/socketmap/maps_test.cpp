#include "socketmap/maps.h"

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

TEST(SocketmapMaps, SenderTransportIsAskedWhereTransportHasNoAnswer) {
  const auto generation = generation_of({outbound("shop").from({"shop@example.net"}).by({"[shop.example]:587"}),
                                         outbound("contoso").to({"contoso.com"}).by({"[contoso.example]"}),
                                         outbound("rest").to({"*"}).by({"[rest.example]"})});
  check_all(generation, {{"transport", "a@contoso.com", "OK smtp:[contoso.example]"},
                         {"transport", "a@example.org", "NOTFOUND "},
                         {"sender-transport", "Shop@example.net", "OK smtp:[shop.example]:587"},
                         {"sender-transport", "carol@example.net", "OK smtp:[rest.example]"},
                         {"sender-transport", "<>", "OK smtp:[rest.example]"},
                         {"sender-transport", "@example.net", "NOTFOUND "}});
  const auto without = generation_of({outbound("rest").to({"*"}).by({"[rest.example]"})});
  check_all(without, {{"transport", "a@example.org", "OK smtp:[rest.example]"},
                      {"sender-transport", "carol@example.net", "NOTFOUND "}});
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

TEST(SocketmapMaps, WhatHasADeliveryServiceOfItsOwnIsAskedAboutByNameOfTheConnector) {
  auto generation = generation_of(
      {outbound("shop").from({"shop@example.net"}).by({"[smtp.example]:587"}).credentials("/etc/shop"),
       outbound("hosted").from_domains({"hosted.example"}).by({"[smtp.example]:587"}).credentials("/etc/hosted"),
       outbound("lost").from({"lost@example.net"}).by({"[smtp.example]:587"}).credentials("/etc/lost"),
       outbound("wrapped").to({"a.example"}).by({"smtps:[a.example]:465"}),
       outbound("shows").to({"b.example"}).tls(TlsLevel::verify).showing("/etc/ours.pem", "/etc/ours.key"),
       outbound("plain").to({"c.example"}).by({"[c.example]"}).tls(TlsLevel::require)});
  generation.secrets.credentials =
      std::make_shared<runtime::Credentials>(runtime::Credentials{{"shop", "s:1"}, {"hosted", "h:2"}});
  check_all(generation,
            {{"sender-transport", "shop@example.net", "OK connectord-shop:[smtp.example]:587"},
             {"transport", "x@a.example", "OK connectord-wrapped:[a.example]:465"},
             {"transport", "x@b.example", "OK connectord-shows:"},
             {"sasl-password/shop", "[smtp.example]:587", "OK s:1"},
             {"sasl-password/shop", "[SMTP.example]:587", "OK s:1"},
             {"sasl-password/hosted", "[smtp.example]:587", "OK h:2"},
             {"sasl-password/shop", "shop@example.net", "NOTFOUND "},
             {"sasl-password/shop", "smtp.example", "NOTFOUND "},
             {"sasl-password/shop", "[c.example]", "NOTFOUND "},
             {"sasl-password/wrapped", "[a.example]:465", "NOTFOUND "},
             {"sasl-password/lost", "[smtp.example]:587", "TEMP connectord has no credentials for this next hop"},
             {"sasl-password", "[smtp.example]:587", "NOTFOUND "},
             {"sasl-password", "shop@example.net", "NOTFOUND "},
             {"tls-policy/wrapped", "[a.example]:465", "OK encrypt"},
             {"tls-policy/shows", "b.example", "OK verify"},
             {"tls-policy/shop", "[smtp.example]:587", "NOTFOUND "},
             {"tls-policy", "b.example", "NOTFOUND "},
             {"tls-policy", "[a.example]:465", "NOTFOUND "},
             {"tls-policy/plain", "[c.example]",
              "TEMP there is no enabled outbound connector \"plain\" with a delivery service of its own"},
             {"tls-policy/nobody", "x",
              "TEMP there is no enabled outbound connector \"nobody\" with a delivery service of its own"}});
}

TEST(SocketmapMaps, SendmailIsToldThatItCannotBeginWithTlsOrShowACertificateByMx) {
  const auto generation = generation_of(
      {outbound("wrapped").to({"a.example"}).by({"smtps:[a.example]:465"}),
       outbound("shows").to({"b.example"}).tls(TlsLevel::verify).showing("/etc/ours.pem", "/etc/ours.key")});
  check_all(generation,
            {{"mailertable", "a.example", "TEMP connector wrapped: Sendmail cannot begin with TLS, without STARTTLS"},
             {"sendmail_tls", "b.example",
              "TEMP connector shows: Sendmail cannot show a certificate to the hosts of MX records alone"},
             {"sendmail_certificate", "b.example", "NOTFOUND "}});
}

TEST(SocketmapMaps, SendmailShowsASmartHostTheCertificateOfItsConnector) {
  const auto shown = [](const char* name, const char* domain, const char* host, const char* file) {
    return outbound(name)
        .to({domain})
        .by({host})
        .tls(TlsLevel::require)
        .showing(std::string(file) + ".pem", std::string(file) + ".key");
  };
  const auto generation = generation_of(
      {shown("one", "a.example", "[mx.a.example]", "/etc/one"),
       shown("address", "b.example", "[192.0.2.1]", "/etc/one"), shown("v6", "c.example", "[2001:db8::1]", "/etc/one"),
       shown("same", "d.example", "[same.example]", "/etc/one"),
       shown("too", "e.example", "[same.example]", "/etc/one"), shown("this", "f.example", "[two.example]", "/etc/one"),
       shown("that", "g.example", "[two.example]", "/etc/two"),
       shown("off", "h.example", "[off.example]", "/etc/one").disabled(),
       outbound("bare").to({"i.example"}).by({"[bare.example]"}).tls(TlsLevel::require)});
  const std::string one = "OK CertFile=/etc/one.pem;KeyFile=/etc/one.key";
  check_all(generation, {{"sendmail_certificate", "mx.a.example", one},
                         {"sendmail_certificate", "MX.a.example.", one},
                         {"sendmail_certificate", "[192.0.2.1]", one},
                         {"sendmail_certificate", "192.0.2.1", one},
                         {"sendmail_certificate", "[IPv6:2001:db8::1]", one},
                         {"sendmail_certificate", "same.example", one},
                         {"sendmail_certificate", "two.example",
                          "TEMP connectors show this host different certificates, and Sendmail one only"},
                         {"sendmail_certificate", "off.example", "NOTFOUND "},
                         {"sendmail_certificate", "bare.example", "NOTFOUND "},
                         {"sendmail_certificate", "a.example", "NOTFOUND "},
                         {"sendmail_certificate", "", "NOTFOUND "},
                         {"sendmail_tls", "a.example", "OK TEMP+ENCR:112"}});
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
  check_all(generation_of({}), {{"transprot", "*",
                                 "PERM there is no map \"transprot\"; write one of transport, sender-transport, "
                                 "tls-policy, header, sasl-password, "
                                 "mailertable, sendmail_tls, sendmail_certificate"},
                                {"a\nb\x01", "",
                                 "PERM there is no map \"a?b?\"; write one of transport, sender-transport, tls-policy, "
                                 "header, sasl-password, mailertable, "
                                 "sendmail_tls, sendmail_certificate"}});
}

delivery::Advice advice_of(delivery::Advice::Kind kind, std::string policy = {}) {
  return {kind, std::move(policy), "since\nit is so"};
}

TEST(SocketmapMaps, TlsPolicyIsAskedOfTheDestinationWhereNoConnectorHasALevelThatCountsBefore) {
  auto made = site({outbound("checked").to({"checked.example"}).tls(TlsLevel::verify),
                    outbound("open").to({"open.example"}).tls(TlsLevel::require, {}, TlsVersion::tls1_2),
                    outbound("hosts").to({"hosts.example"}).by({"[mx.hosts.example]:25"}),
                    outbound("own").to({"own.example"}).by({"smtps:[mx.own.example]:465"})});
  made.delivery = {.dane = true, .mta_sts = true};
  runtime::Generation generation;
  generation.policy = engine::test::compile(std::move(made));
  struct Asked {
    const char* map;
    const char* key;
    std::string wish;  // "" where nothing is asked
  };
  for (const Asked& one : std::vector<Asked>{{"tls-policy", "contoso.com", "dane mta-sts"},
                                             {"tls-policy", "CONTOSO.com", "dane mta-sts"},
                                             {"tls-policy", "open.example", "dane mta-sts"},
                                             {"tls-policy", "checked.example", ""},
                                             {"tls-policy", "[mx.hosts.example]:25", "dane"},
                                             {"tls-policy/own", "[mx.own.example]:465", "dane"},
                                             {"tls-policy/gone", "[mx.own.example]:465", ""},
                                             {"tls-policy", ".contoso.com", ""},
                                             {"tls-policy", "[192.0.2.1]:25", ""},
                                             {"tls-policy", "", ""},
                                             {"transport", "a@contoso.com", ""}}) {
    const auto question = question_about_tls(generation, one.map, one.key);
    std::string wish;
    if (question) wish = std::string(question->wish.dane ? "dane" : "") + (question->wish.mta_sts ? " mta-sts" : "");
    EXPECT_EQ(wish, one.wish) << one.map << " " << one.key;
  }
}

TEST(SocketmapMaps, TlsPolicyIsThatOfTheDestinationOrTheConnectorsOrThePostmasters) {
  using Kind = delivery::Advice::Kind;
  auto made = site({outbound("open").to({"open.example"}).tls(TlsLevel::require, {}, TlsVersion::tls1_2)});
  made.delivery = {.dane = true, .mta_sts = true};
  runtime::Generation generation;
  generation.policy = engine::test::compile(std::move(made));
  const auto answer = [&](const char* key, const delivery::Advice& advice) {
    return to_string(answer_about_tls(generation, "tls-policy", key, advice));
  };
  EXPECT_EQ(answer("contoso.com", advice_of(Kind::nothing)), "NOTFOUND ");
  EXPECT_EQ(answer("contoso.com", advice_of(Kind::dane, "dane-only")), "OK dane-only");
  EXPECT_EQ(answer("contoso.com", advice_of(Kind::sts, "secure match=mx.contoso.com servername=hostname")),
            "OK secure match=mx.contoso.com servername=hostname");
  EXPECT_EQ(answer("contoso.com", advice_of(Kind::wait)), "TEMP since?it is so");
  const std::string versions = " protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1";
  EXPECT_EQ(answer("open.example", advice_of(Kind::nothing)), "OK encrypt" + versions);
  EXPECT_EQ(answer("open.example", advice_of(Kind::dane, "dane-only")), "OK dane-only" + versions);
}

}  // namespace
}  // namespace connectord::socketmap
