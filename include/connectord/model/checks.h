#pragma once

#include <string_view>

// The names of all checks that leave a finding. They stand in logs, traces, metrics and answers of the API, and people
// search for them: do not change. Whoever looks for a certain finding compares with these, and no other source writes
// such a name; a test holds it to that.
namespace connectord::model::check {

// What every message is asked.
inline constexpr const char* admission = "admission";
inline constexpr const char* arc = "arc";
inline constexpr const char* attribution = "attribution";
inline constexpr const char* author = "author";
inline constexpr const char* dkim = "dkim";
inline constexpr const char* dmarc = "dmarc";
inline constexpr const char* enhanced_filtering = "enhanced_filtering";
inline constexpr const char* forged_fields = "forged_fields";
inline constexpr const char* mail_from = "mail_from";
inline constexpr const char* mode = "mode";
inline constexpr const char* original_client = "original_client";
inline constexpr const char* rule = "rule";
inline constexpr const char* rule_change = "rule.change";
inline constexpr const char* rule_mail = "rule.mail";
inline constexpr const char* sealing = "sealing";
inline constexpr const char* signing = "signing";
inline constexpr const char* spf = "spf";
inline constexpr const char* submission = "submission";
inline constexpr const char* trace = "trace";
inline constexpr const char* trusted_path = "trusted_path";

// By what a connector identifies mail.
inline constexpr const char* identify_certificate = "identify.certificate";
inline constexpr const char* identify_certificate_fingerprints = "identify.certificate.fingerprints";
inline constexpr const char* identify_client_networks = "identify.client_networks";
inline constexpr const char* identify_sender_domains = "identify.sender_domains";

// What a connector requires.
inline constexpr const char* require_certificate = "require.certificate";
inline constexpr const char* require_certificate_fingerprints = "require.certificate.fingerprints";
inline constexpr const char* require_certificate_issuer = "require.certificate.issuer";
inline constexpr const char* require_certificate_subject = "require.certificate.subject";
inline constexpr const char* require_client_networks = "require.client_networks";
inline constexpr const char* require_dkim = "require.dkim";
inline constexpr const char* require_dmarc = "require.dmarc";
inline constexpr const char* require_spf = "require.spf";
inline constexpr const char* require_tls = "require.tls";
inline constexpr const char* require_tls_version = "require.tls_version";

// Of the server as a whole.
inline constexpr const char* dmarc_without_skipping = "dmarc.without_skipping";
inline constexpr const char* organization_reject_direct_send = "organization.reject_direct_send";
inline constexpr const char* spf_without_skipping = "spf.without_skipping";

// How mail leaves.
inline constexpr const char* outbound_enabled = "outbound.enabled";
inline constexpr const char* outbound_route = "outbound.route";
inline constexpr const char* outbound_route_credentials = "outbound.route.credentials";
inline constexpr const char* outbound_split_recipients = "outbound.split_recipients";
inline constexpr const char* outbound_tls_ca_file = "outbound.tls.ca_file";
inline constexpr const char* outbound_tls_certificate = "outbound.tls.certificate";

// Of a validation.
inline constexpr const char* address = "address";
inline constexpr const char* certificate_chain = "certificate.chain";
inline constexpr const char* certificate_name = "certificate.name";
inline constexpr const char* certificate_revocation = "certificate.revocation";
inline constexpr const char* certificate_validity = "certificate.validity";
inline constexpr const char* connector = "connector";
inline constexpr const char* dane_certificate = "dane.certificate";
inline constexpr const char* dane_tlsa = "dane.tlsa";
inline constexpr const char* delivery_relay = "delivery.relay";
inline constexpr const char* delivery_tls = "delivery.tls";
inline constexpr const char* dkim_key = "dkim.key";
inline constexpr const char* dkim_match = "dkim.match";
inline constexpr const char* dkim_record = "dkim.record";
inline constexpr const char* dkim_subdomains = "dkim.subdomains";
inline constexpr const char* dkim_testing = "dkim.testing";
inline constexpr const char* dmarc_alignment = "dmarc.alignment";
inline constexpr const char* dmarc_policy = "dmarc.policy";
inline constexpr const char* dmarc_record = "dmarc.record";
inline constexpr const char* dmarc_report_address = "dmarc.report_address";
inline constexpr const char* dmarc_report_authorization = "dmarc.report_authorization";
inline constexpr const char* dmarc_reports = "dmarc.reports";
inline constexpr const char* dns_address = "dns.address";
inline constexpr const char* dns_mx = "dns.mx";
inline constexpr const char* dns_mx_alias = "dns.mx_alias";
inline constexpr const char* dns_reach = "dns.reach";
inline constexpr const char* dns_reverse = "dns.reverse";
inline constexpr const char* enabled = "enabled";
inline constexpr const char* history = "history";
inline constexpr const char* history_failed = "history.failed";
inline constexpr const char* history_missed = "history.missed";
inline constexpr const char* history_taken = "history.taken";
inline constexpr const char* mta_sts_certificate = "mta_sts.certificate";
inline constexpr const char* mta_sts_host = "mta_sts.host";
inline constexpr const char* mta_sts_policy = "mta_sts.policy";
inline constexpr const char* mta_sts_record = "mta_sts.record";
inline constexpr const char* probe_address = "probe.address";
inline constexpr const char* send = "send";
inline constexpr const char* send_submit = "send.submit";
inline constexpr const char* smtp_auth = "smtp.auth";
inline constexpr const char* smtp_connect = "smtp.connect";
inline constexpr const char* smtp_ehlo = "smtp.ehlo";
inline constexpr const char* smtp_greeting = "smtp.greeting";
inline constexpr const char* smtp_mail = "smtp.mail";
inline constexpr const char* smtp_rcpt = "smtp.rcpt";
inline constexpr const char* smtp_starttls = "smtp.starttls";
inline constexpr const char* spf_all = "spf.all";
inline constexpr const char* spf_lookups = "spf.lookups";
inline constexpr const char* spf_networks = "spf.networks";
inline constexpr const char* spf_ptr = "spf.ptr";
inline constexpr const char* spf_record = "spf.record";
inline constexpr const char* spf_sender = "spf.sender";
inline constexpr const char* spf_syntax = "spf.syntax";
inline constexpr const char* spf_void_lookups = "spf.void_lookups";
inline constexpr const char* time = "time";
inline constexpr const char* tls_client_certificate = "tls.client_certificate";
inline constexpr const char* tls_handshake = "tls.handshake";
inline constexpr const char* tls_version = "tls.version";
inline constexpr const char* tlsrpt_record = "tlsrpt.record";
inline constexpr const char* trace_connector = "trace.connector";
inline constexpr const char* trace_delivery = "trace.delivery";
inline constexpr const char* trace_message = "trace.message";

// Which connector a message is of, and why.
constexpr bool is_attribution(std::string_view check) {
  return check == attribution || check == submission || check == mail_from || check == trusted_path ||
         check.starts_with("identify.");
}
constexpr bool is_requirement(std::string_view check) {
  return check.starts_with("require.");
}
constexpr bool is_tls_requirement(std::string_view check) {
  return check == require_tls || check == require_tls_version;
}
constexpr bool is_certificate_requirement(std::string_view check) {
  return check.starts_with(require_certificate);
}
constexpr bool is_outbound(std::string_view check) {
  return check.starts_with("outbound.");
}

}  // namespace connectord::model::check
