#pragma once

#include "schema.h"

// All tables that are declared. A new one is added here, and defined in one of schema_*.cpp.
namespace connectord::config {

template <>
const Table& table_for<model::Configuration>();
template <>
const Table& table_for<model::Server>();
template <>
const Table& table_for<model::Organization>();
template <>
const Table& table_for<model::Dns>();
template <>
const Table& table_for<model::AuthenticationSettings>();
template <>
const Table& table_for<model::Signing>();
template <>
const Table& table_for<model::Sealing>();
template <>
const Table& table_for<model::Tag>();
template <>
const Table& table_for<model::InboundConnector>();
template <>
const Table& table_for<model::Identify>();
template <>
const Table& table_for<model::Require>();
template <>
const Table& table_for<model::CertificatePattern>();
template <>
const Table& table_for<model::EnhancedFiltering>();
template <>
const Table& table_for<model::OutboundConnector>();
template <>
const Table& table_for<model::Route>();
template <>
const Table& table_for<model::OutboundTls>();
template <>
const Table& table_for<model::Rule>();
template <>
const Table& table_for<model::RuleConditions>();
template <>
const Table& table_for<model::HeaderCondition>();
template <>
const Table& table_for<model::RuleAction>();
template <>
const Table& table_for<model::Trace>();
template <>
const Table& table_for<model::Validation>();
template <>
const Table& table_for<model::Delivery>();
template <>
const Table& table_for<model::Reports>();
template <>
const Table& table_for<model::Log>();
template <>
const Table& table_for<model::Fleet>();

}  // namespace connectord::config
