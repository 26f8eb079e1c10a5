#include "connectord/mime/transfer_encoding.h"
#include "connectord/outbox/compose.h"
#include "parts.h"

namespace connectord::outbox {

Mail compose_attached_report(const AttachedReport& report, const Author& author, const Key& key,
                             std::int64_t unix_time) {
  const Letterhead letterhead{.subject = report.subject,
                              .to = {report.to},
                              .extra_fields = {},
                              .identity = report.identity,
                              .unix_time = unix_time};
  const std::string attachment = "Content-Type: " + report.media_type + ";\r\n name=\"" + report.file_name +
                                 "\"\r\nContent-Disposition: attachment;\r\n filename=\"" + report.file_name +
                                 "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + mime::encode_base64(report.bytes) +
                                 "\r\n";
  const Multipart multipart{.type = "multipart/mixed",
                            .parts = {text_part("text/plain", report.text), attachment},
                            .boundary = key.secret_word(letterhead.identity)};
  return finished(letterhead, to_string(multipart), author, key);
}

}  // namespace connectord::outbox
