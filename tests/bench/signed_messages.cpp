// Writes messages with a DKIM signature of a new RSA key of 2048 bits, and prints the key's DNS record.
//
// Usage: signed_messages FOLDER DOMAIN SIZE...: a file FOLDER/DOMAIN-SIZE.eml for each size of a body. The key is at
// sel._domainkey.DOMAIN.
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include "auth/dkim_signing.h"
#include "mail_message.h"

namespace connectord::bench {
namespace {

namespace signing = auth::testing;

constexpr std::size_t headers = 20;

signing::Message message_of(const std::string& domain, std::size_t body_size) {
  MailMessage made = made_message(domain, headers, body_size);
  signing::Signing how;
  how.before = " v=1; a=rsa-sha256; d=" + domain + "; s=sel; c=relaxed/relaxed; " +
               "h=from:to:subject:date:message-id:mime-version:content-type";
  return signing::signed_message({std::move(made.headers), std::move(made.body)}, how);
}

// With CRLF at the ends of lines, also where a value is folded.
void write(const signing::Message& message, const std::string& file) {
  std::ofstream stream(file, std::ios::binary);
  stream.exceptions(std::ios::failbit | std::ios::badbit);
  for (const auto& [name, value] : message.headers) {
    stream << name << ':';
    for (const char c : value) stream << (c == '\n' ? "\r\n" : std::string(1, c));
    stream << "\r\n";
  }
  stream << "\r\n" << message.body;
}

}  // namespace
}  // namespace connectord::bench

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: signed_messages FOLDER DOMAIN SIZE...\n");
    return 2;
  }
  const std::string folder = argv[1];
  const std::string domain = argv[2];
  try {
    for (int i = 3; i < argc; ++i) {
      const std::string size = argv[i];
      std::string file = folder;
      file.append("/").append(domain).append("-").append(size).append(".eml");
      connectord::bench::write(connectord::bench::message_of(domain, std::stoul(size)), file);
    }
    std::printf("%s\n", connectord::auth::testing::key_record().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "signed_messages: %s\n", error.what());
    return 1;
  }
  return 0;
}
