#include "connectord/trace/trace_csv.h"

#include <array>
#include <functional>
#include <string_view>

#include "connectord/base/display_control.h"
#include "connectord/trace/deciding_finding.h"
#include "connectord/trace/row_name.h"
#include "connectord/trace/trace_json.h"

namespace connectord::trace {
namespace {

// What decided, in one line.
std::string finding_of(const Message& message) {
  const Finding* finding = deciding_finding(message);
  if (finding == nullptr) return "";
  std::string text = finding->check;
  if (!finding->expected.empty()) text += ": expected " + finding->expected;
  if (!finding->seen.empty()) text += (finding->expected.empty() ? ": " : ", seen ") + finding->seen;
  return text;
}

std::string rules_of(const Message& message) {
  std::string text;
  for (const model::RuleHit& hit : message.rules) text += (text.empty() ? "" : "; ") + hit.rule;
  return text;
}

struct Column {
  const char* name;
  std::function<std::string(const Row&)> value;
};

std::string text_of(std::string_view text) {
  return std::string(text);
}

const std::array<Column, 26>& columns() {
  static const std::array<Column, 26> all = {{
      {"id", row_name},
      {"time", [](const Row& row) { return iso_time(row.message->time); }},
      {"direction", [](const Row& row) { return text_of(to_string(row.message->direction)); }},
      {"queue_id", [](const Row& row) { return row.message->queue_id; }},
      {"message_id", [](const Row& row) { return row.message->message_id; }},
      {"client_address", [](const Row& row) { return row.message->client_address; }},
      {"original_client", [](const Row& row) { return row.message->original_client; }},
      {"helo", [](const Row& row) { return row.message->helo; }},
      {"tls", [](const Row& row) { return row.message->tls; }},
      {"mail_from", [](const Row& row) { return row.message->mail_from; }},
      {"rcpt_to", [](const Row& row) { return row.rcpt_to; }},
      {"from", [](const Row& row) { return row.message->from; }},
      {"subject", [](const Row& row) { return row.message->subject; }},
      {"size", [](const Row& row) { return row.message->size ? std::to_string(*row.message->size) : ""; }},
      {"connector", [](const Row& row) { return row.message->connector; }},
      {"outbound_connector", [](const Row& row) { return row.outbound_connector; }},
      {"action", [](const Row& row) { return text_of(model::to_string(row.message->action)); }},
      {"reply", [](const Row& row) { return row.message->reply; }},
      {"status", [](const Row& row) { return text_of(to_string(row.status)); }},
      {"outcome", [](const Row& row) { return text_of(spoken(row.status, row.message->action)); }},
      {"certificate_subject", [](const Row& row) { return row.message->certificate.subject; }},
      {"certificate_issuer", [](const Row& row) { return row.message->certificate.issuer; }},
      {"certificate_sha256", [](const Row& row) { return row.message->certificate.sha256; }},
      {"certificate_public_key_sha256", [](const Row& row) { return row.message->certificate.public_key_sha256; }},
      {"finding", [](const Row& row) { return finding_of(*row.message); }},
      {"rules", [](const Row& row) { return rules_of(*row.message); }},
  }};
  return all;
}

}  // namespace

// A spreadsheet takes what begins so for a formula, and strangers write most of these values.
std::string csv_field(const std::string& value) {
  const bool is_formula = !value.empty() && std::string_view("=+-@").find(value.front()) != std::string_view::npos;
  std::string quoted = "\"";
  if (is_formula) quoted += '\'';
  for (const char c : base::without_display_controls(value)) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string csv_heading() {
  std::string line;
  for (const Column& column : columns()) line += (line.empty() ? "" : ",") + std::string(column.name);
  return line + "\r\n";
}

std::string csv_line(const Row& row) {
  std::string line;
  for (const Column& column : columns()) line += (line.empty() ? "" : ",") + csv_field(column.value(row));
  return line + "\r\n";
}

}  // namespace connectord::trace
