#pragma once

#include <string>
#include <vector>

#include "connectord/ctl/connectorctl.h"
#include "connectord/session/load_policy.h"

namespace connectord::ctl {

// What every command takes.
struct Common {
  std::string configuration = "/etc/connectord/connectord.toml";
  bool json = false;
};

struct ExplainArguments {
  std::string client_ip;
  int client_port = 0;
  std::string client_name;
  std::string helo;
  std::string mail_from;
  std::vector<std::string> recipients;
  std::string tls;
  std::string certificate_subject;
  std::string certificate_issuer;
  std::vector<std::string> certificate_fingerprints;
  std::string sasl_username;
  std::string message_file;
  std::string at;
};

Status check(const Common& common, const Terminal& terminal);
Status list(const Common& common, const Terminal& terminal);
Status show(const Common& common, const std::string& name, const Terminal& terminal);
Status explain(const Common& common, const ExplainArguments& arguments, const Terminal& terminal);

// The running configuration's policy, or nullptr and the problems are printed.
std::shared_ptr<const engine::Policy> load_or_complain(const Common& common, const Terminal& terminal);

}  // namespace connectord::ctl
