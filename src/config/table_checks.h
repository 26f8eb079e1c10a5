#pragma once

#include "reader.h"

// What must fit together within one table. Each function is called when all keys of the table have been
// read; those that were wrong have been reported and left the struct as it was.
namespace connectord::config {

// A listener that stands there twice. Notes where the includes stand.
void check_server(Reader& reader, const toml::table& table, const model::Server& server);
// Whether mail can be handed in there.
void check_validation(Reader& reader, const toml::table& table, const model::Validation& validation);
// Whether the spool has room for anything.
void check_fleet(Reader& reader, const toml::table& table, const model::Fleet& fleet);
void check_organization(Reader& reader, const toml::table& table, const model::Organization& organization);
// Whether the connector can match, and whether anything could then be accepted.
void check_inbound(Reader& reader, const toml::table& table, const model::InboundConnector& connector);
void check_identify(Reader& reader, const toml::table& table, const model::Identify& identify);
void check_certificate(Reader& reader, const toml::table& table, const model::CertificatePattern& certificate);
// What can't be had without TLS.
void check_require(Reader& reader, const toml::table& table, const model::Require& require);
// Whether any mail is meant.
void check_outbound(Reader& reader, const toml::table& table, const model::OutboundConnector& connector);
void check_route(Reader& reader, const toml::table& table, const model::Route& route);
// What the level makes of the other keys.
void check_outbound_tls(Reader& reader, const toml::table& table, const model::OutboundTls& tls);

}  // namespace connectord::config
