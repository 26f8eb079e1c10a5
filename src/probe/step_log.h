#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "connectord/probe/validate.h"

namespace connectord::probe {

// Collects the steps of one validation, with the time that each took, and keeps its limit.
class StepLog {
 public:
  StepLog(const Services& services, std::string connector, Direction direction);

  const Services& services() const { return services_; }
  // The steps that follow are about this host, "mx1.contoso.com [192.0.2.1]:25".
  void at(std::string host) { host_ = std::move(host); }
  const std::string& host() const { return host_; }
  // The next step begins now. Each one begins where the one before has ended, unless begin() is called later.
  void begin() { began_ = services_.clock(); }
  // When a step that may take so long must have ended.
  smtp::Deadline deadline(std::chrono::milliseconds limit) const;
  bool is_over() const { return services_.clock() >= end_; }

  // `obstacle` is what it means where the finding is no pass.
  void add(model::Finding finding, Obstacle obstacle = Obstacle::none);
  // The same for what does not stand in the way of mail.
  void warn(model::Finding finding);
  void saw(const tls::Certificate& certificate);
  const std::vector<SeenCertificate>& certificates() const;
  // What was only deferred so far has gone through since: those steps do not stand in the way any more.
  void outweigh_deferrals();
  // The first step that stands in the way of mail; nullptr: none does so far.
  const Step* obstacle() const;

  // The report, complete with its outcome. `summary` is for a validation that passed.
  Report finish(std::string summary, bool tried = true);

 private:
  void keep(Step step);

  const Services& services_;
  Report report_;
  std::string host_;
  smtp::Deadline started_;
  smtp::Deadline began_;
  smtp::Deadline end_;
};

}  // namespace connectord::probe
