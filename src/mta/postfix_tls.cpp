// What Postfix must do so that connectord learns of TLS and of client certificates.
#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/mta/postfix_plan.h"

namespace connectord::mta {
namespace {

// Lists of fingerprints that were made with the digest as it is.
std::string user_of_fingerprints(const PostfixSetup& setup) {
  if (!setup.effective("relay_clientcerts").empty()) return "relay_clientcerts";
  for (const char* parameter :
       {"smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions", "smtpd_relay_restrictions",
        "smtpd_recipient_restrictions", "smtpd_data_restrictions"}) {
    if (setup.effective(parameter).find("check_ccert_access") != std::string::npos) return parameter;
  }
  return {};
}

void plan_digest(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan) {
  const std::string parameter = "smtpd_tls_fingerprint_digest";
  const std::string& digest = setup.effective(parameter);
  if (base::equals_ignoring_case(digest, "sha256")) return;
  const std::string user = user_of_fingerprints(setup);
  if (user.empty()) {
    set_parameter(setup, parameter, "sha256", "connectord compares SHA-256 fingerprints; this one is " + digest, plan);
    return;
  }
  const Advice advice{
      parameter + " is " + digest + ", connectord compares SHA-256, and " + user +
          " has a list of fingerprints that a change would break",
      "write that list anew with SHA-256 fingerprints, then: " + postconf_line(setup, parameter + " = sha256")};
  (required.fingerprints ? plan.refusals : plan.warnings).push_back(advice);
}

bool offers_tls(const PostfixSetup& setup) {
  const std::string& level = setup.effective("smtpd_tls_security_level");
  return (!level.empty() && level != "none") || setup.effective("smtpd_use_tls") == "yes" ||
         setup.effective("smtpd_enforce_tls") == "yes";
}

// As for smtpd_forbid_bare_newline: whoever attaches is asked for it with all the rest, and later it is no reason to
// say that something is missing.
void plan_log(const PostfixSetup& setup, Plan& plan) {
  const std::string parameter = "smtp_tls_loglevel";
  if (setup.effective(parameter) != "0") return;
  const std::string reason = "the log tells how mail was protected on its way to others, for trace show and reports";
  if (attaches(plan)) return set_parameter(setup, parameter, "1", reason, plan);
  plan.warnings.push_back({parameter + " is 0, so nobody knows whether mail to others was protected",
                           postconf_line(setup, parameter + " = 1"), "wanted: " + reason});
}

}  // namespace

bool attaches(const Plan& plan) {
  return std::any_of(plan.changes.begin(), plan.changes.end(), [](const Change& change) {
    return change.parameter == "smtpd_milters" || change.parameter == "smtpd_recipient_restrictions";
  });
}

void plan_tls(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan) {
  if (setup.effective("smtpd_tls_ask_ccert") != "yes" && setup.effective("smtpd_tls_req_ccert") != "yes") {
    set_parameter(setup, "smtpd_tls_ask_ccert", "yes", "clients are asked for a certificate; without it none is seen",
                  plan);
  }
  if (required.policy) plan_digest(setup, required, plan);
  if (required.mail_log) plan_log(setup, plan);
  const bool certificates = required.certificates();
  if ((required.tls || certificates) && !offers_tls(setup)) {
    plan.open.push_back({"Postfix offers no TLS, and connectors require it",
                         "give Postfix a certificate (smtpd_tls_cert_file, smtpd_tls_key_file), then: " +
                             postconf_line(setup, "smtpd_tls_security_level = may")});
  }
  if (required.certificate_names && setup.effective("smtpd_tls_CAfile").empty() &&
      setup.effective("smtpd_tls_CApath").empty()) {
    plan.open.push_back(
        {"connectors match the names in certificates, and Postfix tells names of certificates that it "
         "trusts only: there is neither smtpd_tls_CAfile nor smtpd_tls_CApath",
         "put the authorities of your partners, and no others, into one file, then: " +
             postconf_line(setup, "smtpd_tls_CAfile = " + setup.folder + "/partner-authorities.pem")});
  }
}

}  // namespace connectord::mta
