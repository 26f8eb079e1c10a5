#pragma once

// The macros that connectord asks a mail server for, stage by stage, as smfi_setsymlist() takes them.
namespace connectord::mail {

inline constexpr const char* connect_macros =
    "j _ {daemon_name} {daemon_addr} {daemon_port} v {client_addr} {client_port}";
// At HELO.
inline constexpr const char* tls_macros =
    "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer} {verify} {cn_subject} {cn_issuer} {cert_fp}";
// TLS again, and the authenticated user.
inline constexpr const char* mail_from_macros =
    "i {auth_authen} {auth_type} {mail_addr} {tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer} "
    "{verify} {cn_subject} {cn_issuer} {cert_fp}";
inline constexpr const char* rcpt_to_macros = "i {rcpt_addr} {rcpt_host} {rcpt_mailer}";
inline constexpr const char* end_of_message_macros = "i";

}  // namespace connectord::mail
