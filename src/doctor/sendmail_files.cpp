#include "sendmail_files.h"

#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "connectord/base/text.h"
#include "connectord/mta/files.h"
#include "connectord/tls/certificate.h"
#include "connectord/tls/private_key.h"

namespace connectord::doctor {
namespace {

enum class Kind { certificates, key };

std::optional<uid_t> uid_of(const std::string& user) {
  const passwd* entry = user.empty() ? nullptr : ::getpwnam(user.c_str());  // NOLINT(concurrency-mt-unsafe)
  return entry == nullptr ? std::nullopt : std::optional(entry->pw_uid);
}

// What others may do with it that they should not.
std::optional<mta::Advice> unsafe_file(const std::string& file, Kind kind, const SendmailTrust& trust) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    return mta::Advice{file + ": " + std::strerror(errno), "put " + file + " there, or name another file"};
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return mta::Advice{file + " may be written to by others than its owner", "chmod go-w " + file};
  }
  const mode_t readers =
      kind == Kind::key ? S_IROTH | (trust.has_excuse("GroupReadableKeyFile") ? 0U : S_IRGRP) : mode_t{0};
  if ((info.st_mode & readers) != 0) {
    return mta::Advice{file + " is a key that others than its owner may read", "chmod go-rwx " + file};
  }
  if (trust.owners.count(info.st_uid) == 0 && (info.st_mode & S_IROTH) == 0) {
    return mta::Advice{file + " belongs to somebody whom Sendmail does not trust", "chown root " + file};
  }
  return std::nullopt;
}

std::optional<mta::Advice> unreadable_content(const std::string& file, Kind kind) {
  const auto text = mta::read_file(file);
  std::string problem = text ? "" : text.error();
  if (text && kind == Kind::key) {
    if (const auto key = tls::public_key_sha256_of(*text); !key) problem = key.error();
  } else if (text) {
    if (const auto read = tls::read_pem(*text); !read) problem = read.error();
  }
  if (problem.empty()) return std::nullopt;
  return mta::Advice{file + ": " + problem, "see whether " + file + " is right"};
}

std::optional<mta::Advice> problem_with(const std::string& file, Kind kind, const SendmailTrust& trust) {
  if (auto found = unsafe_folder(file, trust)) return found;
  if (auto found = unsafe_file(file, kind, trust)) return found;
  return unreadable_content(file, kind);
}

std::optional<mta::Advice> mismatch(const std::string& certificate_file, const std::string& key_file) {
  const auto certificates = tls::read_pem(mta::read_file(certificate_file).value_or(""));
  const auto key = tls::public_key_sha256_of(mta::read_file(key_file).value_or(""));
  if (!certificates || !key || certificates->front().public_key_sha256 == *key) return std::nullopt;
  return mta::Advice{key_file + " is not the key of the certificate in " + certificate_file,
                     "put the key there that the certificate was made for"};
}

}  // namespace

std::vector<std::string> files_listed(const std::string& option) {
  std::vector<std::string> parts;
  std::istringstream in(option);
  for (std::string part; std::getline(in, part, ',');) {
    if (const auto word = base::trimmed(part); !word.empty()) parts.emplace_back(word);
  }
  return parts;
}

SendmailTrust trust_of(const mta::SendmailCf& cf) {
  SendmailTrust trust;
  for (const std::string& word : files_listed(cf.option("DontBlameSendmail"))) trust.excuses.insert(word);
  for (const char* option : {"TrustedUser", "RunAsUser"}) {
    const std::string user = cf.option(option);
    if (const auto uid = uid_of(user.substr(0, user.find(':')))) trust.owners.insert(*uid);
  }
  return trust;
}

std::optional<mta::Advice> unsafe_folder(const std::string& file, const SendmailTrust& trust) {
  for (auto folder = std::filesystem::path(file).parent_path(); !folder.empty(); folder = folder.parent_path()) {
    struct stat info {};
    mode_t writers = S_IWOTH;
    if (!trust.has_excuse("GroupWritableDirPathSafe")) writers |= S_IWGRP;
    if (::stat(folder.c_str(), &info) == 0 && (info.st_mode & writers) != 0) {
      const bool sticky = (info.st_mode & S_ISVTX) != 0 && trust.has_excuse("TrustStickyBit");
      if (!sticky) {
        return mta::Advice{
            "others than its owner may write to " + folder.string() + ", so Sendmail does not trust " + file,
            "chmod go-w " + folder.string()};
      }
    }
    if (folder == folder.root_path()) break;
  }
  return std::nullopt;
}

std::vector<mta::Advice> unusable_tls_files(const mta::SendmailCf& cf, const SendmailTrust& trust) {
  const std::vector<std::string> certificates = files_listed(cf.option("ServerCertFile"));
  const std::vector<std::string> keys = files_listed(cf.option("ServerKeyFile"));
  std::vector<mta::Advice> found;
  const auto look_at = [&](const std::vector<std::string>& files, Kind kind) {
    for (const std::string& file : files) {
      auto problem = problem_with(file, kind, trust);
      // A folder that several are in is reported once.
      const bool is_reported = problem && std::any_of(found.begin(), found.end(), [&](const mta::Advice& one) {
                                 return one.write == problem->write;
                               });
      if (problem && !is_reported) found.push_back(std::move(*problem));
    }
  };
  look_at(certificates, Kind::certificates);
  look_at(keys, Kind::key);
  look_at(files_listed(cf.option("CACertFile")), Kind::certificates);
  for (std::size_t i = 0; found.empty() && i < std::min(certificates.size(), keys.size()); ++i) {
    if (auto problem = mismatch(certificates[i], keys[i])) found.push_back(std::move(*problem));
  }
  return found;
}

}  // namespace connectord::doctor
