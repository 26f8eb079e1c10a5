#include <sys/statvfs.h>
#include <sys/timex.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>

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

void disk(const std::string& what, const std::filesystem::path& path, const std::string& when_full,
          Findings& findings) {
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
  const bool is_critical = left < least || share < full;
  if (is_critical || share < rather_full) {
    return findings.add({is_critical ? Severity::critical : Severity::warning, "disk", text, write, when_full});
  }
  findings.seen("disk", text);
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
  if (status < 0) return findings.seen("clock", "the kernel does not say here whether it is synchronized");
  if (status != TIME_ERROR) return findings.seen("clock", "synchronized");
  findings.warn("clock",
                "the clock is not synchronized, as far as the kernel knows; signatures and certificates go by it",
                "timedatectl set-ntp true");
}

// Empty where it does not answer within the time.
std::shared_ptr<const dns::Answer> answer_in_time(dns::Resolver& resolver, const dns::Question& question) {
  constexpr std::chrono::seconds limit{30};
  const auto answered = std::make_shared<std::promise<std::shared_ptr<const dns::Answer>>>();
  auto waiting = answered->get_future();
  resolver.resolve(question,
                   [answered](std::shared_ptr<const dns::Answer> answer) { answered->set_value(std::move(answer)); });
  return waiting.wait_for(limit) == std::future_status::ready ? waiting.get() : nullptr;
}

bool goes_by_dane(const model::Configuration& configuration) {
  if (configuration.delivery.dane) return true;
  const auto& all = configuration.outbound;
  return std::any_of(all.begin(), all.end(), [](const model::OutboundConnector& connector) {
    return connector.enabled && connector.tls && connector.tls->dane == model::DaneUse::opportunistic;
  });
}

}  // namespace

void examine_machine(const Context& context, Findings& findings) {
  constexpr const char* queue_full = "when it is full, the mail server takes no mail";
  if (context.configuration.trace) {
    const bool defers = context.configuration.trace->on_failure == model::OnTraceFailure::defer;
    disk("trace.store", std::filesystem::path(context.configuration.trace->file()).parent_path(),
         defers ? "when it is full, all mail is deferred (451 4.3.0; trace.on_failure)"
                : "when it is full, mail is taken without a trace (trace.on_failure)",
         findings);
  }
  if (context.postfix && !context.postfix->queue_directory.empty()) {
    disk("the mail queue", context.postfix->queue_directory, queue_full, findings);
  }
  if (context.sendmail) disk("the mail queue", queue_of(context.sendmail->cf), queue_full, findings);
  clock(findings);
}

std::string problem_with_dane(const model::Configuration& configuration) {
  if (!goes_by_dane(configuration)) return {};
  const auto resolver = runtime::make_resolver(configuration.dns);
  if (!resolver) return resolver.error();
  // Below the signed root, whoever validates can vouch for what there is at this name, or that there is nothing.
  const auto answer = answer_in_time(**resolver, {"org", dns::Type::a});
  if (answer && answer->authenticated) return {};
  if (!answer || answer->is_temporary())
    return "the resolver does not answer, so that mail which is to leave by DANE waits";
  return "the resolver does not validate DNSSEC, or is not on this machine, so that nothing vouches for TLSA records: "
         "DANE never counts";
}

void examine_dns(const Context& context, Findings& findings) {
  constexpr std::chrono::milliseconds slow{1'000};
  const auto resolver = runtime::make_resolver(context.configuration.dns);
  if (!resolver) return findings.critical("dns", resolver.error(), "write servers in [dns], or mend /etc/resolv.conf");
  const auto began = std::chrono::steady_clock::now();
  // A name that is always answered, there or not.
  const auto answer = answer_in_time(**resolver, {"example.com", dns::Type::mx});
  const dns::Status status = answer ? answer->status : dns::Status::timeout;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  if (status == dns::Status::timeout || status == dns::Status::error) {
    return findings.critical("dns", "the resolver does not answer: " + std::string(dns::to_string(status)),
                             "see [dns] servers; mail that is to be authenticated is deferred until it answers");
  }
  if (const std::string problem = problem_with_dane(context.configuration); !problem.empty()) {
    findings.critical("dns", problem,
                      "run a resolver here (unbound validates by default), and write servers = "
                      "[\"127.0.0.1\"] in [dns]");
  }
  const std::string text = "an answer takes " + std::to_string(took.count()) + " ms";
  if (took < slow) return findings.seen("dns", text);
  findings.warn("dns", text, "run a resolver on this machine (unbound), and name it in [dns] servers");
}

}  // namespace connectord::doctor
