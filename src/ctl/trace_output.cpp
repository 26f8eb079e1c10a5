#include "trace_output.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "connectord/trace/row_name.h"
#include "connectord/trace/trace_csv.h"
#include "connectord/trace/trace_json.h"
#include "finding_text.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using trace::Row;

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

std::string status_of(const Row& row) {
  const std::string word(spoken(row.status, row.message->action));
  return row.message->direction == trace::Direction::validation ? word + " (our validation)" : word;
}

// Rows of both summer and winter time name the zone in each.
bool is_one_zone(const std::vector<Row>& rows, const Clock& clock) {
  return std::all_of(rows.begin(), rows.end(), [&](const Row& row) {
    return clock.zone_name(row.message->time) == clock.zone_name(rows.front().message->time);
  });
}

std::vector<Cell> cells(const Row& row, const Clock& clock, const std::string& zone) {
  const char* colour = colour_of(row.status);
  std::vector<Cell> made = {clock.date_and_time(row.message->time) + zone,
                            trace::row_name(row),
                            {status_of(row), colour},
                            sender_of(row),
                            row.rcpt_to.empty() ? "-" : row.rcpt_to,
                            connector_of(row),
                            {answer_of(row), row.message->reply.empty() ? nullptr : colour}};
  for (Cell& cell : made) cell.text = harmless(cell.text);
  return made;
}

// Days are counted in UTC.
std::string interval_text(std::int64_t time, trace::Interval interval, const Clock& clock) {
  if (interval == trace::Interval::day) return Clock(trace::Zone::utc).date(time);
  return clock.date(time) + " " + clock.to_minute(time);
}

}  // namespace

const char* colour_of(trace::Status status) {
  switch (status) {
    case trace::Status::failed:
      return red;
    case trace::Status::pending:
    case trace::Status::quarantined:
      return yellow;
    case trace::Status::delivered:
      return green;
    default:
      return nullptr;
  }
}

void print_rows(const Terminal& terminal, const std::vector<Row>& rows, const Clock& clock) {
  const bool one_zone = is_one_zone(rows, clock);
  const auto zone = [&clock](const Row& row) { return clock.zone_name(row.message->time); };
  Table table({{one_zone && !rows.empty() ? "TIME (" + zone(rows.front()) + ")" : "TIME"},
               {"ID"},
               {"STATUS"},
               {"FROM"},
               {"TO"},
               {"CONNECTOR"},
               {"ANSWER"}});
  for (const Row& row : rows) table.add(cells(row, clock, one_zone ? "" : " " + zone(row)));
  table.print(terminal);
}

void print_line(const Terminal& terminal, const Row& row, const Clock& clock) {
  const Paint paint(terminal.colour);
  std::string line;
  for (const Cell& cell : cells(row, clock, " " + clock.zone_name(row.message->time))) {
    line += (line.empty() ? "" : "  ") + (cell.colour == nullptr ? cell.text : paint(cell.text, cell.colour));
  }
  terminal.out << line << std::endl;
}

void print_report(const Terminal& terminal, const trace::Report& report, trace::Interval interval, const Clock& clock) {
  const auto moment = [&clock](std::int64_t time) {
    return clock.date(time) + " " + clock.to_minute(time) + " " + clock.zone_name(time);
  };
  terminal.out << "from " << moment(report.since) << " to " << moment(report.until) << '\n';
  std::vector<Table::Column> columns = {{"MESSAGES"}, {"RECIPIENTS"}, {"BYTES", true}, {"OF"}};
  const bool by_time = interval != trace::Interval::whole;
  const std::string zone = interval == trace::Interval::day ? "UTC" : clock.zone_name(report.since);
  if (by_time) columns.insert(columns.begin(), {"TIME (" + zone + ")"});
  Table table(std::move(columns));
  for (const trace::Volume& volume : report.volumes) {
    std::vector<Cell> row = {std::to_string(volume.messages), std::to_string(volume.recipients),
                             std::to_string(volume.bytes), harmless(volume.group)};
    if (by_time) row.insert(row.begin(), interval_text(volume.time, interval, clock));
    table.add(std::move(row));
  }
  table.print(terminal);
}

void print_csv_heading(std::ostream& out) {
  out << trace::csv_heading();
}

void print_csv(std::ostream& out, const Row& row) {
  out << trace::csv_line(row);
}

void print_csv(std::ostream& out, const trace::Report& report) {
  out << "time,group,messages,recipients,bytes\r\n";
  for (const trace::Volume& volume : report.volumes) {
    out << trace::csv_field(trace::iso_time(volume.time)) << ',' << trace::csv_field(volume.group) << ','
        << volume.messages << ',' << volume.recipients << ',' << volume.bytes << "\r\n";
  }
}

}  // namespace connectord::ctl
