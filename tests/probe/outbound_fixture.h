#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "connectord/probe/validate.h"
#include "dns/zone.h"
#include "scripted_network.h"
#include "tls/maker.h"

namespace connectord::probe::testing {

using tls::testing::day;
using tls::testing::Made;

// One connector, contoso-out, to one host, mx.contoso.com [192.0.2.1]:25, that does all right; tests change it.
class OutboundValidation : public ::testing::Test {
 protected:
  OutboundValidation() {
    std::string name = (std::filesystem::temp_directory_path() / "connectord-probe-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::ofstream(folder_ / "ca.pem") << authority_.pem();
    connector_.name = "contoso-out";
    connector_.recipient_domains = {net::DomainPattern::parse("contoso.com").value()};
    connector_.route.smart_hosts = {{"mx.contoso.com", false, 25}};
    zone_.address("mx.contoso.com", "192.0.2.1");
    host().tls = session({.names = {"mx.contoso.com"}});
    options_.recipient = "postmaster@contoso.com";
  }
  ~OutboundValidation() override { std::filesystem::remove_all(folder_); }

  ScriptedHost& host(const std::string& at = "192.0.2.1:25") { return network_.host(at); }

  smtp::TlsSession session(const tls::testing::Wanted& wanted, model::TlsVersion version = model::TlsVersion::tls1_3) {
    certificate_ = std::make_unique<Made>(wanted, &authority_);
    return {version, "TLS_AES_256_GCM_SHA384", {certificate_->certificate(), authority_.certificate()}, {}, false};
  }

  void ask(model::TlsLevel level, std::vector<std::string> names = {}) {
    connector_.tls.emplace();
    connector_.tls->level = level;
    connector_.tls->match = std::move(names);
    const bool by_chain = level == model::TlsLevel::verify || level == model::TlsLevel::match;
    if (by_chain) connector_.tls->ca_file = (folder_ / "ca.pem").string();
  }

  Report validate() {
    configuration_.server.host_name = "mail.example.net";
    configuration_.outbound.insert(configuration_.outbound.begin(), connector_);
    const engine::Policy policy(configuration_);
    dns::testing::ZoneResolver resolver(zone_);
    Services services{resolver, network_, [this](const std::string&) { return credentials_; }};
    services.clock = [this] { return network_.now; };
    services.unix_time = [] { return tls::testing::now; };
    services.archive = archive_;
    services.pause = [this](std::chrono::milliseconds time) {
      network_.now += time;
      return true;
    };
    services.progress = [this](const Step& step) { progress_.emplace_back(step.finding.check); };
    return validate_outbound(policy, connector_.name, options_, services).value();
  }

  // "passed", or what was in the way; with what was seen.
  static std::string outcome(const Report& report) {
    return report.passed ? "passed" : std::string(to_string(report.obstacle)) + ": " + report.summary;
  }

  static const Step* find(const Report& report, std::string_view check) {
    const auto found = std::find_if(report.steps.begin(), report.steps.end(),
                                    [check](const Step& step) { return step.finding.check == check; });
    return found == report.steps.end() ? nullptr : &*found;
  }
  static bool warns(const Report& report, std::string_view check) {
    return std::any_of(report.steps.begin(), report.steps.end(),
                       [check](const Step& step) { return step.finding.check == check && step.warning; });
  }

  const Made authority_ = tls::testing::authority();
  std::unique_ptr<Made> certificate_;
  std::filesystem::path folder_;
  model::Configuration configuration_;
  model::OutboundConnector connector_;
  dns::testing::Zone zone_;
  ScriptedNetwork network_;
  OutboundOptions options_;
  tl::expected<std::string, std::string> credentials_ = "user:geheim";
  std::vector<std::string> progress_;
  trace::Archive* archive_ = nullptr;
};

}  // namespace connectord::probe::testing
