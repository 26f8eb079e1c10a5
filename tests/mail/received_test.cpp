#include "mail/received.h"

#include <gtest/gtest.h>

#include "connectord/base/text.h"
#include "connectord/mail/header_field.h"

namespace connectord::mail {
namespace {

using namespace std::string_literals;

struct Line {
  std::string name;
  std::string value;
  std::string address;  // empty for none
  std::string helo;
  std::string client_name;
  std::string by;
  std::string with;
  bool tls = false;
};

const Line lines_of_real_servers[] = {
    {"Postfix",
     "from mail.example.com (mail.example.com [203.0.113.5])\n\tby mx.example.net (Postfix) with ESMTP id "
     "4ABC1234\n\tfor "
     "<user@example.net>; Mon,  6 Jul 2026 10:00:00 +0200 (CEST)",
     "203.0.113.5", "mail.example.com", "mail.example.com", "mx.example.net", "ESMTP"},
    {"Postfix, no name in DNS",
     "from mail.example.com (unknown [203.0.113.5]) by mx.example.net (Postfix) with SMTP id 4ABC; Mon, 6 Jul 2026 "
     "10:00:00 "
     "+0200",
     "203.0.113.5", "mail.example.com", "", "mx.example.net", "SMTP"},
    {"Postfix, TLS and IPv6",
     "from mail.example.com (mail.example.com [IPv6:2001:db8::5])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 "
     "(256/256 bits)\n\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\n\t(No client "
     "certificate requested)\n\tby mx.example.net (Postfix) with ESMTPS id 4ABC\n\tfor <user@example.net>; Mon, 6 Jul "
     "2026",
     "2001:db8::5", "mail.example.com", "mail.example.com", "mx.example.net", "ESMTPS", true},
    {"Postfix, client certificate",
     "from a.example.com (a.example.com [203.0.113.5])\n\t(using TLSv1.2 with cipher X (256/256 bits))\n\t(Client CN "
     "\"mail.example.com\", Issuer \"Example CA\" (verified OK))\n\tby mx.example.net (Postfix) with ESMTPS id 1; date",
     "203.0.113.5", "a.example.com", "a.example.com", "mx.example.net", "ESMTPS", true},
    {"Postfix, submission",
     "from [192.168.7.20] (p5.example.org [203.0.113.77])\n\t(Authenticated sender: user)\n\tby smtp.example.com "
     "(Postfix) "
     "with ESMTPSA id 1; date",
     "203.0.113.77", "[192.168.7.20]", "p5.example.org", "smtp.example.com", "ESMTPSA", true},
    {"Postfix behind a content filter",
     "from localhost (localhost [127.0.0.1]) by mx.example.net (Postfix) with ESMTP id 1; date", "127.0.0.1",
     "localhost", "localhost", "mx.example.net", "ESMTP"},
    {"Postfix, IPv6 loopback",
     "from localhost (localhost [IPv6:::1]) by mx.example.net (Postfix) with ESMTP id 1; date", "::1", "localhost",
     "localhost", "mx.example.net", "ESMTP"},
    {"amavis",
     "from mx.example.net ([127.0.0.1]) by localhost (mx.example.net [127.0.0.1]) (amavisd-new, port 10024) with ESMTP "
     "id "
     "x1; date",
     "127.0.0.1", "mx.example.net", "", "localhost", "ESMTP"},
    {"Sendmail",
     "from mail.example.com (mail.example.com [203.0.113.5])\n\tby mx.example.net (8.17.1/8.17.1) with ESMTP id "
     "66A1;\n\tMon, 6 Jul 2026 10:00:00 +0200",
     "203.0.113.5", "mail.example.com", "mail.example.com", "mx.example.net", "ESMTP"},
    {"Sendmail, forged name",
     "from mail.example.com (host5.example.org [203.0.113.5] (may be forged)) by mx.example.net (8.17.1/8.17.1) with "
     "ESMTPS "
     "id 66A1 (version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NOT); date",
     "203.0.113.5", "mail.example.com", "host5.example.org", "mx.example.net", "ESMTPS", true},
    {"Sendmail, no name",
     "from mail.example.com ([203.0.113.5]) by mx.example.net (8.17.1/8.17.1) with SMTP id 66A1; date", "203.0.113.5",
     "mail.example.com", "", "mx.example.net", "SMTP"},
    {"Sendmail, ident",
     "from mail.example.com (IDENT:root@mail.example.com [203.0.113.5]) by mx.example.net (8.9.3/8.9.3) with ESMTP id "
     "X; date",
     "203.0.113.5", "mail.example.com", "mail.example.com", "mx.example.net", "ESMTP"},
    {"Sendmail, IPv6",
     "from mail.example.com (mail.example.com [IPv6:2001:db8:0:0:0:0:0:5]) by mx.example.net (8.17.1) with ESMTP id X; "
     "date",
     "2001:db8::5", "mail.example.com", "mail.example.com", "mx.example.net", "ESMTP"},
    {"Exim, name matches HELO",
     "from mail.example.com ([203.0.113.5])\n\tby mx.example.net with esmtps  (TLS1.3) tls "
     "TLS_AES_256_GCM_SHA384\n\t(Exim 4.96)\n\t(envelope-from <user@example.com>)\n\tid 1rAbCd-000123-AB\n\tfor "
     "user@example.net;\n\tMon, 06 Jul 2026 10:00:00 +0000",
     "203.0.113.5", "mail.example.com", "", "mx.example.net", "esmtps tls TLS_AES_256_GCM_SHA384", true},
    {"Exim, other HELO",
     "from host5.example.org ([203.0.113.5] helo=mail.example.com) by mx.example.net with esmtp (Exim 4.94.2) id 1r; "
     "date",
     "203.0.113.5", "mail.example.com", "host5.example.org", "mx.example.net", "esmtp"},
    {"Exim, no name", "from [203.0.113.5] (helo=mail.example.com) by mx.example.net with esmtp (Exim 4.94) id 1r; date",
     "203.0.113.5", "mail.example.com", "", "mx.example.net", "esmtp"},
    {"Exim, port and HELO",
     "from [203.0.113.5] (port=34567 helo=mail.example.com) by mx.example.net with esmtps id 1r; date", "203.0.113.5",
     "mail.example.com", "", "mx.example.net", "esmtps", true},
    {"Exim, port behind the address",
     "from host5.example.org ([203.0.113.5]:34567 helo=mail.example.com) by mx.example.net with esmtp id 1r; date",
     "203.0.113.5", "mail.example.com", "host5.example.org", "mx.example.net", "esmtp"},
    {"Exim, port without name",
     "from [203.0.113.5]:34567 (helo=mail.example.com) by mx.example.net with esmtp id 1; date", "203.0.113.5",
     "mail.example.com", "", "mx.example.net", "esmtp"},
    {"Exim, IPv6", "from mail.example.com ([2001:db8::5]:34567) by mx.example.net with esmtps id 1r; date",
     "2001:db8::5", "mail.example.com", "", "mx.example.net", "esmtps", true},
    {"Exim, HELO is a literal of another",
     "from host5.example.org ([203.0.113.5] helo=[198.51.100.1]) by mx.example.net with esmtp id 1r; date",
     "203.0.113.5", "[198.51.100.1]", "host5.example.org", "mx.example.net", "esmtp"},
    {"Exim, ident answer lies",
     "from host5.example.org ([203.0.113.5] ident=[198.51.100.1]) by mx.example.net with esmtp id 1r; date",
     "203.0.113.5", "host5.example.org", "", "mx.example.net", "esmtp"},
    {"qmail",
     "from unknown (HELO mail.example.com) (203.0.113.5)\n  by mx.example.net with SMTP; 6 Jul 2026 10:00:00 -0000",
     "203.0.113.5", "mail.example.com", "", "mx.example.net", "SMTP"},
    {"qmail, name in DNS",
     "from host5.example.org (HELO mail.example.com) (203.0.113.5) by 0 with SMTP; 6 Jul 2026 10:00:00 -0000",
     "203.0.113.5", "mail.example.com", "host5.example.org", "0", "SMTP"},
    {"qmail, HELO is the name", "from mail.example.com (203.0.113.5) by mx.example.net with SMTP; date", "203.0.113.5",
     "mail.example.com", "", "mx.example.net", "SMTP"},
    {"qmail, ident",
     "from host5.example.org (HELO mail.example.com) (ident@203.0.113.5) by mx.example.net with SMTP; date",
     "203.0.113.5", "mail.example.com", "host5.example.org", "mx.example.net", "SMTP"},
    {"qmail, HELO is a literal", "from unknown (HELO [198.51.100.1]) (203.0.113.5) by mx.example.net with SMTP; date",
     "203.0.113.5", "[198.51.100.1]", "", "mx.example.net", "SMTP"},
    {"Exchange on premises",
     "from EX02.corp.example (10.1.2.3) by EX01.corp.example (10.1.2.4) with Microsoft SMTP Server (version=TLS1_2, "
     "cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.1.2507.39; Mon, 6 Jul 2026 10:00:00 +0200",
     "10.1.2.3", "EX02.corp.example", "", "EX01.corp.example", "Microsoft SMTP Server", true},
    {"Exchange, MAPI with a zone",
     "from EX01.corp.example ([fe80::1c3b:2a4d:1:2%13]) by EX01.corp.example ([fe80::1c3b:2a4d:1:2%13]) with mapi id "
     "15.01.2507.039; date",
     "fe80::1c3b:2a4d:1:2", "EX01.corp.example", "", "EX01.corp.example", "mapi"},
    {"Exchange Online, arriving",
     "from mail.example.com (203.0.113.5) by\r\n AM5EUR03FT003.mail.protection.outlook.com (10.152.16.9) with "
     "Microsoft SMTP "
     "Server\r\n (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.5566.15\r\n via Frontend "
     "Transport; Mon, 6 Jul 2026 10:00:00 +0000",
     "203.0.113.5", "mail.example.com", "", "AM5EUR03FT003.mail.protection.outlook.com", "Microsoft SMTP Server", true},
    {"Exchange Online, inside",
     "from DB7PR01CA0001.eurprd01.prod.exchangelabs.com (2001:db8:a6:20b::12) by\r\n "
     "AM0PR01MB0002.eurprd01.prod.example.com "
     "(2001:db8:a6:208::18) with Microsoft SMTP\r\n Server (version=TLS1_2, cipher=X) id 15.20.1; date",
     "2001:db8:a6:20b::12", "DB7PR01CA0001.eurprd01.prod.exchangelabs.com", "",
     "AM0PR01MB0002.eurprd01.prod.example.com", "Microsoft SMTP Server", true},
    {"Gmail",
     "from mail.example.com (mail.example.com. [203.0.113.5])\r\n        by mx.google.com with ESMTPS id "
     "a1-2002si3.4.2026\r\n        for <user@example.net>\r\n        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 "
     "bits=256/256);\r\n        Mon, 06 Jul 2026 01:00:00 -0700 (PDT)",
     "203.0.113.5", "mail.example.com", "mail.example.com", "mx.google.com", "ESMTPS", true},
    {"Gmail, IPv6",
     "from mail.example.com (mail.example.com. [2001:db8:4864:20::32e]) by mx.google.com with ESMTPS id a; date",
     "2001:db8:4864:20::32e", "mail.example.com", "mail.example.com", "mx.google.com", "ESMTPS", true},
    {"Gmail, submission",
     "from [10.0.0.7] (p77.example.org. [203.0.113.77]) by smtp.gmail.com with ESMTPSA id a.1.2026 for "
     "<user@example.net>; d",
     "203.0.113.77", "[10.0.0.7]", "p77.example.org", "smtp.gmail.com", "ESMTPSA", true},
    {"Yahoo",
     "from 203.0.113.5 (EHLO mail.example.com)\r\n by 10.197.34.71 with SMTPs\r\n (version=TLS1_3 cipher=X); date",
     "203.0.113.5", "mail.example.com", "", "10.197.34.71", "SMTPs", true},
    {"Yahoo, older",
     "from 127.0.0.1  (EHLO mail.example.com) (203.0.113.5)\r\n  by mta4001.mail.example.org with SMTP; date",
     "203.0.113.5", "mail.example.com", "", "mta4001.mail.example.org", "SMTP"},
    {"Amazon SES",
     "from a8-42.smtp-out.example.com (a8-42.smtp-out.example.com [203.0.113.42])\r\n by "
     "inbound-smtp.us-east-1.example.com "
     "with SMTP id abcdef012345\r\n for user@example.net;\r\n Mon, 06 Jul 2026 08:00:00 +0000 (UTC)",
     "203.0.113.42", "a8-42.smtp-out.example.com", "a8-42.smtp-out.example.com", "inbound-smtp.us-east-1.example.com",
     "SMTP"},
    {"Proofpoint",
     "from mail.example.com (mail.example.com [203.0.113.5])\n\tby mx0a-00123456.pphosted.com (PPS) with ESMTPS id "
     "3x1\n\t(version=TLSv1.2 cipher=ECDHE-RSA-AES256-GCM-SHA384 bits=256 verify=NOT)\n\tfor <user@example.net>; date",
     "203.0.113.5", "mail.example.com", "mail.example.com", "mx0a-00123456.pphosted.com", "ESMTPS", true},
    {"Proofpoint, its filter",
     "from pps.filterd (m0098399.ppops.net [127.0.0.1])\n\tby m0098399.ppops.net (8.17.1.24/8.17.1.24) with ESMTP id "
     "1; date",
     "127.0.0.1", "pps.filterd", "m0098399.ppops.net", "m0098399.ppops.net", "ESMTP"},
    {"Mimecast",
     "from mail.example.com (mail.example.com [203.0.113.5]) by relay.mimecast.com with ESMTP with STARTTLS "
     "(version=TLSv1.3, "
     "cipher=TLS_AES_256_GCM_SHA384) id uk-mta-123-AbC-1; Mon, 06 Jul 2026 09:00:00 +0100",
     "203.0.113.5", "mail.example.com", "mail.example.com", "relay.mimecast.com", "ESMTP STARTTLS", true},
    {"Barracuda",
     "from mail.example.com (mail.example.com [203.0.113.5]) by mx-inbound11-83.us-east-2a.ess.example.com "
     "(version=TLSv1.2 "
     "cipher=ECDHE-RSA-AES128-GCM-SHA256 bits=128 verify=NO); Mon, 06 Jul 2026 08:00:00 +0000",
     "203.0.113.5", "mail.example.com", "mail.example.com", "mx-inbound11-83.us-east-2a.ess.example.com", "", true},
    {"Cisco",
     "from unknown (HELO mail.example.com) ([203.0.113.5])\r\n  by esa1.example.net with "
     "ESMTP/TLS/ECDHE-RSA-AES256-GCM-SHA384; 06 Jul 2026 10:00:00 +0200",
     "203.0.113.5", "mail.example.com", "", "esa1.example.net", "ESMTP/TLS/ECDHE-RSA-AES256-GCM-SHA384", true},
    {"Symantec.cloud",
     "from [203.0.113.5] (using TLSv1.2 with cipher ECDHE (256 bits)) by "
     "server-4.bemta.az-a.eu-central-1.aws.symcloud.net id "
     "AB; date",
     "203.0.113.5", "", "", "server-4.bemta.az-a.eu-central-1.aws.symcloud.net", "", true},
    {"CommuniGate",
     "from [203.0.113.5] (HELO mail.example.com)\n  by mx.example.net (CommuniGate Pro SMTP 6.3) with ESMTPS id "
     "1 for user@example.net; date",
     "203.0.113.5", "mail.example.com", "", "mx.example.net", "ESMTPS", true},
    {"CommuniGate, submission",
     "from [203.0.113.5] (account user@example.com HELO [192.168.1.7]) by mx.example.net (CommuniGate Pro SMTP) with "
     "ESMTPSA "
     "id 1; date",
     "203.0.113.5", "[192.168.1.7]", "", "mx.example.net", "ESMTPSA", true},
    {"OpenSMTPD",
     "from mail.example.com (mail.example.com [203.0.113.5]) by mx.example.net (OpenSMTPD) with ESMTPS id 1a "
     "(TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO) for <user@example.net>; date",
     "203.0.113.5", "mail.example.com", "mail.example.com", "mx.example.net", "ESMTPS", true},
    {"Haraka",
     "from mail.example.com (mail.example.com [203.0.113.5])\n\tby mx.example.net (Haraka/3.0.2) with ESMTPS id "
     "AB.1 envelope-from <user@example.com>\n\ttls TLS_AES_256_GCM_SHA384 (authenticated bits=0); date",
     "203.0.113.5", "mail.example.com", "mail.example.com", "mx.example.net", "ESMTPS", true},
    {"Courier", "from mail.example.com (mail.example.com [::ffff:203.0.113.5])\n  by mx.example.net with esmtp; date",
     "203.0.113.5", "mail.example.com", "mail.example.com", "mx.example.net", "esmtp"},
    {"JAMES",
     "from host5.example.org (EHLO mail.example.com) ([203.0.113.5])\n by mx.example.net (JAMES SMTP Server ) with "
     "ESMTP ID 1; date",
     "203.0.113.5", "mail.example.com", "host5.example.org", "mx.example.net", "ESMTP"},
    {"GMX",
     "from mail.example.com ([203.0.113.5]) by mx.gmx.net (mxgmx108 [192.0.2.15]) with ESMTPS (Nemesis) id 1M; date",
     "203.0.113.5", "mail.example.com", "", "mx.gmx.net", "ESMTPS", true},
    {"Zoho", "from mail (203.0.113.5 [203.0.113.5]) by mx.zohomail.example with SMTPS id 1; date", "203.0.113.5",
     "mail", "", "mx.zohomail.example", "SMTPS", true},
    {"MailMarshal",
     "from mail.example.com (Not Verified[203.0.113.5]) by gw.example.net with MailMarshal (v7) id <B1>; date",
     "203.0.113.5", "mail.example.com", "", "gw.example.net", "MailMarshal"},
    {"Domino",
     "from mail.example.com ([203.0.113.5])\n          by domino.example.net (IBM Domino Release 9.0.1)\n          "
     "with ESMTP id 2026070610000000-1 ;\n          Mon, 6 Jul 2026 10:00:00 +0200",
     "203.0.113.5", "mail.example.com", "", "domino.example.net", "ESMTP"},
    {"IIS SMTP",
     "from mail.example.com ([203.0.113.5]) by gw.example.net with Microsoft SMTPSVC(8.5.9600.16384);\n\t Mon",
     "203.0.113.5", "mail.example.com", "", "gw.example.net", "Microsoft SMTPSVC"},
    {"FortiMail",
     "from mail.example.com ([203.0.113.5])\n\t(user=user@example.com mech=LOGIN bits=0)\n\tby fm.example.net "
     "with ESMTPSA id 1; date",
     "203.0.113.5", "mail.example.com", "", "fm.example.net", "ESMTPSA", true},
};

TEST(Received, ReadsTheLinesOfRealServers) {
  for (const Line& line : lines_of_real_servers) {
    const auto received = parse_received(line.value);
    ASSERT_TRUE(received) << line.name << ": " << received.error();
    EXPECT_TRUE(received->has_from) << line.name;
    EXPECT_EQ(received->client_address ? received->client_address->to_string() : "", line.address)
        << line.name << ": " << received->address_problem;
    EXPECT_EQ(received->helo, line.helo) << line.name;
    EXPECT_EQ(received->client_name, line.client_name) << line.name;
    EXPECT_EQ(received->by, line.by) << line.name;
    EXPECT_EQ(received->with, line.with) << line.name;
    EXPECT_EQ(received->tls, line.tls) << line.name;
    EXPECT_FALSE(received->timestamp.empty()) << line.name;
  }
}

TEST(Received, TellsWhereAMessageWasHandedOnInsideAHost) {
  for (const char* value : {
           "by mx.example.net (Postfix, from userid 1000)\n\tid 4ABC; Mon, 6 Jul 2026 10:00:00 +0200 (CEST)",
           "(from root@localhost)\n\tby mx.example.net (8.17.1/8.17.1/Submit) id 66A1; date",
           "(qmail 12345 invoked from network); 6 Jul 2026 10:00:00 -0000",
           "(qmail 12345 invoked by uid 89); 6 Jul 2026 10:00:00 -0000",
           "by 2002:a05:6a10:1234:b0:1:2:3 with SMTP id a1csp1; Mon, 6 Jul 2026 01:00:00 -0700 (PDT)",
           "by mail-ot1-f41.google.com with SMTP id a1 for <user@example.net>; date",
       }) {
    const auto received = parse_received(value);
    ASSERT_TRUE(received) << value;
    EXPECT_FALSE(received->has_from) << value;
    EXPECT_FALSE(received->client_address) << value;
  }
}

TEST(Received, TakesNoAddressFromTheClientsOwnWords) {
  const struct {
    std::string value;
    std::string address;
  } cases[] = {
      // the HELO is an address literal, or a plain address
      {"from [198.51.100.1] (host5.example.org [203.0.113.5]) by mx.example.net with ESMTP id 1; d", "203.0.113.5"},
      {"from 198.51.100.1 (unknown [203.0.113.5]) by mx.example.net (Postfix) with ESMTP id 1; d", "203.0.113.5"},
      {"from [IPv6:2001:db8::66] ([203.0.113.5]) by mx.example.net with ESMTP id 1; d", "203.0.113.5"},
      {"from [198.51.100.1] by mx.example.net with ESMTP id 1; d", ""},
      {"from 198.51.100.1 by mx.example.net with ESMTP id 1; d", ""},
      {"from [198.51.100.1] (unknown) by mx.example.net with ESMTP id 1; d", ""},
      // the HELO looks like what a server writes
      {"from x (HELO [198.51.100.1]) (203.0.113.5) by mx.example.net with SMTP; d", "203.0.113.5"},
      {"from x (HELO y [198.51.100.1]) ([203.0.113.5]) by mx.example.net with SMTP; d", "203.0.113.5"},
      {"from host ([203.0.113.5] helo=x [198.51.100.1]) by mx.example.net with esmtp; d", "203.0.113.5"},
      {"from [203.0.113.5] (helo=x) ([198.51.100.1]) by mx.example.net with esmtp; d", ""},
      {"from evil.example (victim [198.51.100.1]) (host [203.0.113.5]) by mx.example.net with ESMTP; d", ""},
      {"from x (host [198.51.100.1] [203.0.113.5]) by mx.example.net with ESMTP; d", ""},
      {"from x (198.51.100.1 203.0.113.5) by mx.example.net with ESMTP; d", ""},
      {"from by (host [203.0.113.5]) by mx.example.net with ESMTP; d", "203.0.113.5"},
      // a certificate's names, a user's name
      {"from x (host [203.0.113.5]) (Client CN \"mail [198.51.100.1]\", Issuer \"CA\" (verified OK)) by mx with "
       "ESMTPS; d",
       "203.0.113.5"},
      {"from x (host [203.0.113.5]) (Authenticated sender: [198.51.100.1]) by mx.example.net with ESMTPSA; d",
       "203.0.113.5"},
      // a name in DNS that looks like an address
      {"from x (198.51.100.1 [203.0.113.5]) by mx.example.net with ESMTP; d", "203.0.113.5"},
      // the address of the receiving host, behind "by"
      {"from mail.example.com by mx.example.net (mx [198.51.100.1]) with LMTP; d", ""},
      {"from mail.example.com (unknown) by mx.example.net ([198.51.100.1]) with ESMTP; d", ""},
      {"from mail.example.com ([unix socket]) by mx.example.net with LMTPA; d", ""},
      {"from x ([203.0.113.256]) by mx.example.net with ESMTP; d", ""},
      {"from x ([203.0.113.5) by mx.example.net with ESMTP; d", ""},
  };
  for (const auto& c : cases) {
    const auto received = parse_received(c.value);
    ASSERT_TRUE(received) << c.value;
    EXPECT_EQ(received->client_address ? received->client_address->to_string() : "", c.address) << c.value;
    EXPECT_EQ(received->address_problem.empty(), !c.address.empty()) << c.value;
  }
}

TEST(Received, ANameInDnsIsNotTakenForAnAnnotation) {
  for (const char* name : {"tls.example.com", "using.example.com", "verified", "client", "helo.example.com", "user"}) {
    const std::string text(name);
    const auto received =
        parse_received("from " + text + " (" + text + " [203.0.113.5]) by mx.example.net (Postfix) with ESMTP id 1; d");
    ASSERT_TRUE(received) << name;
    EXPECT_EQ(received->client_address, net::IpAddress::parse("203.0.113.5")) << name;
    EXPECT_EQ(received->helo, text);
  }
}

TEST(Received, SaysWhyALineCannotBeTakenApart) {
  for (const std::string& value : {
           ""s,
           "   "s,
           ";"s,
           "; Mon, 6 Jul 2026"s,
           "rubbish"s,
           "with ESMTP; d"s,
           "from x (host [203.0.113.5] by mx.example.net; d"s,
           "from \"x (host [203.0.113.5]) by mx.example.net; d"s,
           "from x\0 (host [203.0.113.5]) by mx.example.net; d"s,
           "from x (host [203.0.113.5])\rby mx.example.net; d"s,
           "from x " + std::string(40, '(') + std::string(40, ')') + " by mx; d",
           "from x (host [203.0.113.5]) by mx; d" + std::string(max_read_value_length, ' '),
       }) {
    const auto received = parse_received(value);
    ASSERT_FALSE(received) << base::printable(value);
    EXPECT_FALSE(received.error().empty()) << base::printable(value);
  }
}

TEST(Received, TheTimestampIsWhatStandsBehindTheLastSemicolon) {
  const auto received = parse_received(
      "from x (host [203.0.113.5]) by mx.example.net with ESMTP for <\"a;b\"@example.net>;\n\tMon, 6 Jul 2026 10:00:00 "
      "+0200 "
      "(CEST; summer)");
  ASSERT_TRUE(received);
  EXPECT_EQ(received->timestamp, "Mon, 6 Jul 2026 10:00:00 +0200 (CEST; summer)");
}

}  // namespace
}  // namespace connectord::mail
