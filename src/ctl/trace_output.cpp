#include "trace_output.h"

#include <array>
#include <functional>
#include <ostream>

#include "connectord/trace/trace_json.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using trace::Row;

// "2026-11-21 12:00:00"
std::string readable_time(std::int64_t milliseconds) {
  constexpr std::size_t up_to_seconds = 19;
  std::string text = trace::iso_time(milliseconds).substr(0, up_to_seconds);
  text[10] = ' ';
  return text;
}

std::string sender_of(const Row& row) {
  return row.message->mail_from.empty() ? "<>" : row.message->mail_from;
}

std::string connector_of(const Row& row) {
  const trace::Message& message = *row.message;
  std::string text = message.connector.empty() ? "-" : message.connector;
  if (!row.outbound_connector.empty()) text += " > " + row.outbound_connector;
  return text;
}

std::string answer_of(const Row& row) {
  const trace::Message& message = *row.message;
  return message.reply.empty() ? std::string(model::to_string(message.action)) : message.reply;
}

std::vector<std::string> cells(const Row& row) {
  std::vector<std::string> made = {readable_time(row.message->time),
                                   std::to_string(row.id),
                                   std::string(to_string(row.status)),
                                   sender_of(row),
                                   row.rcpt_to.empty() ? "-" : row.rcpt_to,
                                   connector_of(row),
                                   answer_of(row)};
  for (std::string& cell : made) cell = harmless(cell);
  return made;
}

struct Column {
  const char* name;
  std::function<std::string(const Row&)> value;
};

std::string text_of(std::string_view text) {
  return std::string(text);
}

const std::array<Column, 19>& columns() {
  static const std::array<Column, 19> all = {{
      {"id", [](const Row& row) { return std::to_string(row.id); }},
      {"time", [](const Row& row) { return trace::iso_time(row.message->time); }},
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
  }};
  return all;
}

// A spreadsheet takes what begins so for a formula, and strangers write most of these values.
std::string csv_field(const std::string& value) {
  const bool is_formula = !value.empty() && std::string_view("=+-@").find(value.front()) != std::string_view::npos;
  std::string quoted = "\"";
  if (is_formula) quoted += '\'';
  for (const char c : harmless(value)) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string interval_text(std::int64_t time, trace::Interval interval) {
  constexpr std::size_t date = 10;
  constexpr std::size_t up_to_minutes = 16;
  return readable_time(time).substr(0, interval == trace::Interval::day ? date : up_to_minutes);
}

}  // namespace

void print_rows(std::ostream& out, const std::vector<Row>& rows) {
  std::vector<std::vector<std::string>> table = {{"TIME (UTC)", "ID", "STATUS", "FROM", "TO", "CONNECTOR", "ANSWER"}};
  for (const Row& row : rows) table.push_back(cells(row));
  write_table(out, table);
}

void print_line(std::ostream& out, const Row& row) {
  std::string line;
  for (const std::string& cell : cells(row)) line += (line.empty() ? "" : "  ") + cell;
  out << line << std::endl;
}

void print_report(std::ostream& out, const trace::Report& report, trace::Interval interval) {
  out << "from " << readable_time(report.since) << " to " << readable_time(report.until) << " UTC\n";
  std::vector<std::vector<std::string>> table = {{"MESSAGES", "RECIPIENTS", "BYTES", "OF"}};
  if (interval != trace::Interval::whole) table[0].insert(table[0].begin(), "TIME (UTC)");
  for (const trace::Volume& volume : report.volumes) {
    auto& row =
        table.emplace_back(std::vector<std::string>{std::to_string(volume.messages), std::to_string(volume.recipients),
                                                    std::to_string(volume.bytes), harmless(volume.group)});
    if (interval != trace::Interval::whole) row.insert(row.begin(), interval_text(volume.time, interval));
  }
  write_table(out, table);
}

void print_csv_heading(std::ostream& out) {
  std::string line;
  for (const Column& column : columns()) line += (line.empty() ? "" : ",") + std::string(column.name);
  out << line << "\r\n";
}

void print_csv(std::ostream& out, const Row& row) {
  std::string line;
  for (const Column& column : columns()) line += (line.empty() ? "" : ",") + csv_field(column.value(row));
  out << line << "\r\n";
}

void print_csv(std::ostream& out, const trace::Report& report) {
  out << "time,group,messages,recipients,bytes\r\n";
  for (const trace::Volume& volume : report.volumes) {
    out << csv_field(trace::iso_time(volume.time)) << ',' << csv_field(volume.group) << ',' << volume.messages << ','
        << volume.recipients << ',' << volume.bytes << "\r\n";
  }
}

}  // namespace connectord::ctl
