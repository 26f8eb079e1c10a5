#include <sys/statvfs.h>
#include <sys/timex.h>

#include <chrono>
#include <filesystem>
#include <future>

#include "connectord/doctor/doctor.h"
#include "connectord/runtime/load_policy.h"

namespace connectord::doctor {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

// The nearest folder above that is there.
std::filesystem::path existing_folder(std::filesystem::path path) {
  std::error_code error;
  while (!path.empty() && path != path.root_path() && !std::filesystem::is_directory(path, error))
    path = path.parent_path();
  return path;
}

void disk(const std::string& what, const std::filesystem::path& path, Findings& findings) {
  constexpr std::uint64_t least = 100 * mebibyte;
  constexpr double full = 0.05;
  constexpr double rather_full = 0.10;
  struct statvfs space {};
  const std::filesystem::path folder = existing_folder(path);
  if (::statvfs(folder.c_str(), &space) != 0 || space.f_blocks == 0) return;
  const std::uint64_t left = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  const double share = static_cast<double>(space.f_bavail) / static_cast<double>(space.f_blocks);
  const std::string text = what + ", " + folder.string() + ": " + std::to_string(left / mebibyte) + " MiB are left";
  const std::string write = "make room; df -h " + folder.string();
  if (left < least || share < full) return findings.critical("disk", text, write);
  if (share < rather_full) return findings.warn("disk", text, write);
  findings.note("disk", text);
}

// Where there are several, as in /var/spool/mqueue/q*, the folder that has them.
std::string queue_of(const mta::SendmailCf& cf) {
  const std::string folder = cf.option("QueueDirectory");
  if (folder.empty()) return "/var/spool/mqueue";
  return folder.find('*') == std::string::npos ? folder : std::filesystem::path(folder).parent_path().string();
}

void clock(Findings& findings) {
  timex state{};
  const int status = ::adjtimex(&state);
  if (status != TIME_ERROR) return findings.note("clock", "synchronized");
  findings.warn("clock",
                "the clock is not synchronized, as far as the kernel knows; signatures and certificates go by it",
                "timedatectl set-ntp true");
}

}  // namespace

void examine_machine(const Patient& patient, Findings& findings) {
  if (patient.configuration.trace) {
    disk("trace.store", std::filesystem::path(patient.configuration.trace->file()).parent_path(), findings);
  }
  if (patient.postfix && !patient.postfix->queue_directory.empty()) {
    disk("the mail queue", patient.postfix->queue_directory, findings);
  }
  if (patient.sendmail) disk("the mail queue", queue_of(patient.sendmail->cf), findings);
  clock(findings);
}

void examine_dns(const Patient& patient, Findings& findings) {
  constexpr std::chrono::milliseconds slow{1'000};
  constexpr std::chrono::seconds patience{30};
  const auto resolver = runtime::make_resolver(patient.configuration.dns);
  if (!resolver) return findings.critical("dns", resolver.error(), "write servers in [dns], or mend /etc/resolv.conf");
  const auto answered = std::make_shared<std::promise<dns::Status>>();
  auto waiting = answered->get_future();
  const auto began = std::chrono::steady_clock::now();
  // A name that is always answered, there or not.
  (*resolver)->resolve({"example.com", dns::Type::mx}, [answered](const std::shared_ptr<const dns::Answer>& answer) {
    answered->set_value(answer->status);
  });
  const bool is_there = waiting.wait_for(patience) == std::future_status::ready;
  const dns::Status status = is_there ? waiting.get() : dns::Status::timeout;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  if (status == dns::Status::timeout || status == dns::Status::error) {
    return findings.critical("dns", "the resolver does not answer: " + std::string(dns::to_string(status)),
                             "see [dns] servers; mail that is to be authenticated is deferred until it answers");
  }
  const std::string text = "an answer takes " + std::to_string(took.count()) + " ms";
  if (took < slow) return findings.note("dns", text);
  findings.warn("dns", text, "run a resolver on this machine (unbound), and name it in [dns] servers");
}

}  // namespace connectord::doctor
