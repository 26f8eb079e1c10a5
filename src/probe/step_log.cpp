#include "step_log.h"

#include <algorithm>

namespace connectord::probe {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

bool is_in_the_way(const Step& step) {
  return !step.warning &&
         (step.finding.outcome == model::Outcome::fail || step.finding.outcome == model::Outcome::temperror);
}

std::string summary_of(const Step& step) {
  std::string text(describe(step.obstacle));
  if (!step.host.empty()) text += " at " + step.host;
  return step.finding.seen.empty() ? text : text + ": " + step.finding.seen;
}

}  // namespace

StepLog::StepLog(const Services& services, std::string connector, Direction direction)
    : services_(services), started_(services.clock()), began_(started_), end_(started_ + services.limits.whole) {
  report_.connector = std::move(connector);
  report_.direction = direction;
  report_.time = services.unix_time();
}

smtp::Deadline StepLog::deadline(milliseconds limit) const {
  return std::min(services_.clock() + limit, end_);
}

void StepLog::add(model::Finding finding, Obstacle obstacle) {
  Step step{.finding = std::move(finding), .obstacle = obstacle};
  if (step.finding.outcome == model::Outcome::pass || step.finding.outcome == model::Outcome::not_applicable) {
    step.obstacle = Obstacle::none;
  }
  keep(std::move(step));
}

void StepLog::warn(model::Finding finding) {
  keep({.finding = std::move(finding), .warning = true});
}

void StepLog::keep(Step step) {
  const smtp::Deadline now = services_.clock();
  if (step.finding.connector.empty()) step.finding.connector = report_.connector;
  step.host = host_;
  step.took = duration_cast<milliseconds>(now - began_);
  began_ = now;
  if (services_.progress) services_.progress(step);
  report_.steps.push_back(std::move(step));
}

void StepLog::saw(const tls::Certificate& certificate) {
  report_.certificates.push_back(
      {host_, certificate.sha256, certificate.subject, certificate.not_after, certificate.public_key_sha256});
}

void StepLog::outweigh_deferrals() {
  for (Step& step : report_.steps) {
    if (is_in_the_way(step) && step.obstacle == Obstacle::deferred) step.warning = true;
  }
}

const std::vector<SeenCertificate>& StepLog::certificates() const {
  return report_.certificates;
}

const Step* StepLog::obstacle() const {
  const auto first = std::find_if(report_.steps.begin(), report_.steps.end(), is_in_the_way);
  return first == report_.steps.end() ? nullptr : &*first;
}

Report StepLog::finish(std::string summary, bool tried) {
  report_.tried = tried;
  report_.took = duration_cast<milliseconds>(services_.clock() - started_);
  const Step* first = obstacle();
  report_.passed = first == nullptr;
  report_.obstacle = report_.passed ? Obstacle::none : first->obstacle;
  report_.summary = report_.passed ? std::move(summary) : summary_of(*first);
  return std::move(report_);
}

}  // namespace connectord::probe
