#include "connectord/mta/client_trust.h"

#include <cstdlib>
#include <filesystem>

#include "connectord/base/files.h"
#include "connectord/mta/mail_servers.h"

namespace connectord::mta {
namespace {

constexpr std::size_t max_files = 5'000;
constexpr std::size_t max_file_size = 4U << 20U;

void add(const std::filesystem::path& file, ClientTrust& trust) {
  const auto text = base::read_file(file, max_file_size);
  const auto certificates = text ? tls::read_pem(*text) : tl::unexpected(std::string("it cannot be read"));
  if (!certificates) {
    trust.problem = file.string() + ": " + certificates.error();
    return;
  }
  trust.anchors.insert(trust.anchors.end(), certificates->begin(), certificates->end());
}

// What is no certificate there is nobody's authority.
void add_folder(const std::filesystem::path& folder, ClientTrust& trust) {
  std::error_code error;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end; each.increment(error)) {
    if (++count > max_files) return;
    ClientTrust one;
    if (each->is_regular_file(error)) add(each->path(), one);
    trust.anchors.insert(trust.anchors.end(), one.anchors.begin(), one.anchors.end());
  }
}

}  // namespace

ClientTrust client_trust(const PostfixSetup& setup) {
  const std::string& file = setup.effective("smtp_tls_CAfile");
  const std::string& folder = setup.effective("smtp_tls_CApath");
  ClientTrust trust;
  trust.system = setup.effective("tls_append_default_CA") == "yes";
  if (!file.empty()) trust.words = "smtp_tls_CAfile = " + file;
  if (!folder.empty()) trust.words += (file.empty() ? "" : ", ") + std::string("smtp_tls_CApath = ") + folder;
  if (trust.system) trust.words += std::string(trust.words.empty() ? "" : ", ") + "tls_append_default_CA = yes";
  if (trust.words.empty()) trust.words = "Postfix, which has neither smtp_tls_CAfile nor smtp_tls_CApath";
  if (!folder.empty()) add_folder(folder, trust);
  if (!file.empty()) add(file, trust);
  return trust;
}

std::optional<ClientTrust> client_trust_of(const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder + "/main.cf", error)) return std::nullopt;
  const auto setup = read_postfix(folder);
  return setup ? std::optional(client_trust(*setup)) : std::nullopt;
}

std::string usual_postfix_folder() {
  const char* folder = std::getenv("MAIL_CONFIG");
  return folder == nullptr ? MailServerPlaces{}.folder : folder;
}

}  // namespace connectord::mta
