#pragma once

#include <string>
#include <string_view>

// Messages in the shapes that mail clients and servers give them, made by hand after what they send: their headers,
// boundaries, encodings and HTML. Lines end with LF here.
namespace connectord::mime::test {

// Outlook 16: related around an alternative, Word's HTML with conditional comments, an inline picture.
inline constexpr std::string_view outlook = R"eml(From: Alice Adams <alice@contoso.com>
To: Bob Brown <bob@example.net>
Subject: =?iso-8859-1?Q?Angebot_f=FCr_M=E4rz?=
Thread-Topic: =?iso-8859-1?Q?Angebot_f=FCr_M=E4rz?=
Thread-Index: AdoXyzAbCdEf123456==
Date: Mon, 23 Nov 2026 09:00:00 +0000
Message-ID: <AM0PR01MB0001@AM0PR01MB0001.eurprd01.prod.exchangelabs.com>
Accept-Language: de-DE, en-US
Content-Language: de-DE
X-MS-Has-Attach: yes
X-MS-TNEF-Correlator:
Content-Type: multipart/related;
	boundary="_004_AM0PR01MB0001_";
	type="multipart/alternative"
MIME-Version: 1.0

--_004_AM0PR01MB0001_
Content-Type: multipart/alternative;
	boundary="_000_AM0PR01MB0001_"

--_000_AM0PR01MB0001_
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

Hallo Bob,

das Angebot f=FCr M=E4rz liegt bei.


--_000_AM0PR01MB0001_
Content-Type: text/html; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

<html xmlns:v=3D"urn:schemas-microsoft-com:vml" xmlns:o=3D"urn:schemas-micr=
osoft-com:office:office" xmlns=3D"http://www.w3.org/TR/REC-html40">
<head>
<meta http-equiv=3D"Content-Type" content=3D"text/html; charset=3Diso-8859-=
1">
<!--[if !mso]><style>v\:* {behavior:url(#default#VML);}</style><![endif]-->=
<style><!--
p.MsoNormal {margin:0cm; font-family:"Calibri",sans-serif;}
--></style>
</head>
<body lang=3D"DE" link=3D"#0563C1" style=3D"word-wrap:break-word">
<div class=3D"WordSection1">
<p class=3D"MsoNormal">Hallo Bob,<o:p></o:p></p>
<p class=3D"MsoNormal">das Angebot f=FCr M=E4rz liegt bei.<o:p></o:p></p>
<p class=3D"MsoNormal"><img width=3D"1" src=3D"cid:image001.png@01DA0001"></p>
</div>
</body>
</html>

--_000_AM0PR01MB0001_--

--_004_AM0PR01MB0001_
Content-Type: image/png; name="image001.png"
Content-Description: image001.png
Content-Disposition: inline; filename="image001.png"; size=67;
	creation-date="Mon, 23 Nov 2026 09:00:00 GMT"
Content-ID: <image001.png@01DA0001>
Content-Transfer-Encoding: base64

iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9
awAAAABJRU5ErkJggg==

--_004_AM0PR01MB0001_--
)eml";

// Apple Mail: an alternative whose HTML leg is a mixed with the attachment in the midst of the text.
inline constexpr std::string_view apple_mail = R"eml(From: Alice <alice@icloud.example>
Content-Type: multipart/alternative;
 boundary="Apple-Mail=_A1B2C3D4-0000-4000-8000-000000000001"
Mime-Version: 1.0 (Mac OS X Mail 16.0 \(3774.600.62\))
Subject: The plans
Date: Mon, 23 Nov 2026 10:00:00 +0100
Message-Id: <A1B2C3D4-0000-4000-8000-00000000000A@icloud.example>
To: bob@example.net
X-Mailer: Apple Mail (2.3774.600.62)


--Apple-Mail=_A1B2C3D4-0000-4000-8000-000000000001
Content-Transfer-Encoding: 7bit
Content-Type: text/plain;
	charset=us-ascii

Here they are.



--Apple-Mail=_A1B2C3D4-0000-4000-8000-000000000001
Content-Type: multipart/mixed;
	boundary="Apple-Mail=_A1B2C3D4-0000-4000-8000-000000000002"


--Apple-Mail=_A1B2C3D4-0000-4000-8000-000000000002
Content-Transfer-Encoding: 7bit
Content-Type: text/html;
	charset=us-ascii

<html><head><meta http-equiv="content-type" content="text/html; charset=us-ascii"></head><body style="overflow-wrap: break-word;">Here they are.<div><br></div><div></div></body></html>
--Apple-Mail=_A1B2C3D4-0000-4000-8000-000000000002
Content-Disposition: inline;
	filename=plans.pdf
Content-Type: application/pdf;
	x-unix-mode=0644;
	name="plans.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQKJSVFT0YK

--Apple-Mail=_A1B2C3D4-0000-4000-8000-000000000002--

--Apple-Mail=_A1B2C3D4-0000-4000-8000-000000000001--
)eml";

// Gmail: an alternative, the text in base64 because of what is not ASCII.
inline constexpr std::string_view gmail = R"eml(MIME-Version: 1.0
From: Alice <alice@gmail.example>
Date: Mon, 23 Nov 2026 10:00:00 +0100
Message-ID: <CAF=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG@mail.gmail.example>
Subject: =?UTF-8?B?R3LDvMOfZQ==?=
To: bob@example.net
Content-Type: multipart/alternative; boundary="000000000000a1b2c3061234abcd"

--000000000000a1b2c3061234abcd
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: base64

R3LDvMOfZSBhdXMgTcO8bmNoZW4NCg==
--000000000000a1b2c3061234abcd
Content-Type: text/html; charset="UTF-8"
Content-Transfer-Encoding: base64

PGRpdiBkaXI9Imx0ciI+R3LDvMOfZSBhdXMgTcO8bmNoZW48L2Rpdj4NCg==
--000000000000a1b2c3061234abcd--
)eml";

// Thunderbird: flowed text beside an attachment whose name is not ASCII (RFC 2231).
inline constexpr std::string_view thunderbird = R"eml(Message-ID: <3f0c0000-0000-4000-8000-000000000001@example.org>
Date: Mon, 23 Nov 2026 10:00:00 +0100
MIME-Version: 1.0
User-Agent: Mozilla Thunderbird
Content-Language: en-US
To: bob@example.net
From: Alice <alice@example.org>
Subject: The list
Content-Type: multipart/mixed; boundary="------------0a1B2c3D4e5F6g7H8i9J0kLm"

This is a multi-part message in MIME format.
--------------0a1B2c3D4e5F6g7H8i9J0kLm
Content-Type: text/plain; charset=UTF-8; format=flowed
Content-Transfer-Encoding: 8bit

Grüße. This is a paragraph that goes on 
in the next line.

-- 
Alice

--------------0a1B2c3D4e5F6g7H8i9J0kLm
Content-Type: text/csv; charset=UTF-8; name="Größen.csv"
Content-Disposition: attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fen.csv
Content-Transfer-Encoding: base64

YTtiCjE7Mgo=

--------------0a1B2c3D4e5F6g7H8i9J0kLm--
)eml";

// mutt: text alone.
inline constexpr std::string_view mutt = R"eml(Date: Mon, 23 Nov 2026 10:00:00 +0100
From: Alice <alice@example.org>
To: bob@example.net
Subject: Re: lunch
Message-ID: <20261123090000.GA1234@example.org>
References: <20261123080000.GA1233@example.net>
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii
Content-Disposition: inline
In-Reply-To: <20261123080000.GA1233@example.net>
User-Agent: Mutt/2.2.9 (2022-11-12)

On Mon, Nov 23, 2026 at 09:00:00AM +0100, Bob wrote:
> Lunch?

Yes.
)eml";

// mutt with PGP/MIME.
inline constexpr std::string_view mutt_signed = R"eml(From: Alice <alice@example.org>
To: bob@example.net
Subject: signed
MIME-Version: 1.0
Content-Type: multipart/signed; micalg=pgp-sha512;
	protocol="application/pgp-signature"; boundary="W/nzBZO5zC0uMSeA"
Content-Disposition: inline

--W/nzBZO5zC0uMSeA
Content-Type: text/plain; charset=us-ascii
Content-Disposition: inline
Content-Transfer-Encoding: quoted-printable

I agree.

--W/nzBZO5zC0uMSeA
Content-Type: application/pgp-signature; name="signature.asc"

-----BEGIN PGP SIGNATURE-----

iHUEABYKAB0WIQQ=
-----END PGP SIGNATURE-----

--W/nzBZO5zC0uMSeA--
)eml";

// Exchange in rich text: the text, and winmail.dat.
inline constexpr std::string_view exchange_tnef = R"eml(From: Alice <alice@contoso.com>
To: Bob <bob@example.net>
Subject: Rich text
Message-ID: <0123456789ABCDEF@EX01.contoso.com>
X-MS-Has-Attach:
X-MS-TNEF-Correlator: <0123456789ABCDEF@EX01.contoso.com>
MIME-Version: 1.0
Content-Type: multipart/mixed;
	boundary="_000_0123456789ABCDEFEX01contosocom_"

--_000_0123456789ABCDEFEX01contosocom_
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Rich text.


--_000_0123456789ABCDEFEX01contosocom_
Content-Disposition: attachment; filename="winmail.dat"
Content-Transfer-Encoding: base64
Content-Type: application/ms-tnef; name="winmail.dat"

eJ8+IgEAAQaQCAAEAAAAAAABAAEAAQeQBgAIAAAA5AQAAAAAAADoAA==

--_000_0123456789ABCDEFEX01contosocom_--
)eml";

// An invitation, as Outlook and Google Calendar send them.
inline constexpr std::string_view invitation = R"eml(From: Alice <alice@contoso.com>
To: Bob <bob@example.net>
Subject: Invitation: Planning
MIME-Version: 1.0
Content-Class: urn:content-classes:calendarmessage
Content-Type: multipart/alternative; boundary="000000000000cal0001"

--000000000000cal0001
Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes

Planning, Monday at ten.

--000000000000cal0001
Content-Type: text/html; charset="UTF-8"

<html><body><p>Planning, Monday at ten.</p></body></html>

--000000000000cal0001
Content-Type: text/calendar; charset="UTF-8"; method=REQUEST
Content-Transfer-Encoding: 7bit

BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:Planning
END:VEVENT
END:VCALENDAR

--000000000000cal0001--
)eml";

// Postfix's bounce (RFC 3464).
inline constexpr std::string_view delivery_report = R"eml(From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: alice@example.org
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="4WqX1z2kbRz3Q.1795903200/mx.example.net"

This is a MIME-encapsulated message.

--4WqX1z2kbRz3Q.1795903200/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.net.

--4WqX1z2kbRz3Q.1795903200/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; nobody@example.net
Action: failed
Status: 5.1.1

--4WqX1z2kbRz3Q.1795903200/mx.example.net
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Subject: lottery

--4WqX1z2kbRz3Q.1795903200/mx.example.net--
)eml";

// A read receipt (RFC 8098).
inline constexpr std::string_view read_receipt = R"eml(From: Bob <bob@example.net>
To: alice@example.org
Subject: Read: The list
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification;
	boundary="------------mdn0001"

--------------mdn0001
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 7bit

This is a Return Receipt for the mail that you sent to bob@example.net.

--------------mdn0001
Content-Type: message/disposition-notification
Content-Transfer-Encoding: 7bit

Reporting-UA: example.net; Mozilla Thunderbird
Final-Recipient: rfc822;bob@example.net
Disposition: manual-action/MDN-sent-manually; displayed

--------------mdn0001--
)eml";

// With CRLF at the ends of lines.
inline std::string with_crlf(std::string_view text) {
  std::string lines;
  for (const char c : text) lines += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return lines;
}

}  // namespace connectord::mime::test
