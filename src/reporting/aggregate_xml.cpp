#include "connectord/reporting/aggregate_xml.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "connectord/base/html_escape.h"
#include "connectord/base/text.h"

namespace connectord::reporting {
namespace {

using reports::AggregateReport;
using reports::AggregateRow;
using reports::CheckedIdentity;
using reports::OverrideReason;
using reports::PublishedPolicy;

// XML 1.0, 2.2: no controls but these, and UTF-8 throughout.
std::string without_what_xml_lacks(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = base::utf8_length(text);
    const bool is_control = length == 1 && base::is_control(text.front()) && text.front() != '\t';
    const bool is_held = length > 0 && !is_control && text.substr(0, 2) != "\xef\xbf";
    clean += is_held ? text.substr(0, length) : "?";
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

// One element a line, indented by how deep it is.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  class Element {
   public:
    Element(Writer& writer, std::string_view name) : writer_(writer), name_(name) {
      writer_.line("<" + name_ + ">");
      ++writer_.depth_;
    }
    ~Element() {
      --writer_.depth_;
      writer_.line("</" + name_ + ">");
    }
    Element(const Element&) = delete;
    Element& operator=(const Element&) = delete;

   private:
    Writer& writer_;
    std::string name_;
  };

  void text(std::string_view name, std::string_view value) {
    out_.append(depth_, ' ').append("<").append(name).append(">");
    out_.append(base::html_escaped(without_what_xml_lacks(value)));
    out_.append("</").append(name).append(">\n");
  }
  void unless_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }

 private:
  void line(const std::string& words) { out_.append(depth_, ' ').append(words).append("\n"); }

  std::string& out_;
  std::size_t depth_ = 1;
};

using Element = Writer::Element;

void write_metadata(const AggregateReport& report, Writer& writer) {
  const Element metadata(writer, "report_metadata");
  writer.text("org_name", report.organization);
  writer.text("email", report.email);
  writer.text("report_id", report.id);
  {
    const Element range(writer, "date_range");
    writer.text("begin", std::to_string(report.begin));
    writer.text("end", std::to_string(report.end));
  }
  writer.unless_empty("error", report.error);
  writer.unless_empty("generator", report.generator);
}

void write_policy(const AggregateReport& report, Writer& writer) {
  const PublishedPolicy& published = report.published;
  const Element policy(writer, "policy_published");
  writer.text("domain", report.domain);
  writer.unless_empty("discovery_method", published.discovery_method);
  writer.text("p", report.policy);
  writer.unless_empty("sp", published.subdomains);
  writer.unless_empty("np", published.non_existent);
  writer.unless_empty("fo", published.failure_options);
  writer.unless_empty("adkim", published.adkim);
  writer.unless_empty("aspf", published.aspf);
  writer.unless_empty("testing", published.testing);
}

void write_identity(std::string_view name, const CheckedIdentity& identity, Writer& writer) {
  const Element element(writer, name);
  writer.text("domain", identity.domain);
  if (name == "dkim") writer.text("selector", identity.selector);
  writer.unless_empty("scope", identity.scope);
  writer.text("result", identity.result);
  writer.unless_empty("human_result", identity.note);
}

void write_row(const AggregateRow& row, Writer& writer) {
  const Element record(writer, "record");
  {
    const Element element(writer, "row");
    writer.text("source_ip", row.source);
    writer.text("count", std::to_string(row.count));
    const Element evaluated(writer, "policy_evaluated");
    writer.text("disposition", row.disposition);
    writer.text("dkim", row.dkim_aligned ? "pass" : "fail");
    writer.text("spf", row.spf_aligned ? "pass" : "fail");
    for (const OverrideReason& reason : row.reasons) {
      const Element one(writer, "reason");
      writer.text("type", reason.type);
      writer.unless_empty("comment", reason.comment);
    }
  }
  {
    const Element identifiers(writer, "identifiers");
    writer.text("header_from", row.header_from);
    writer.text("envelope_from", row.envelope_from);
  }
  const Element results(writer, "auth_results");
  for (const CheckedIdentity& identity : row.dkim) write_identity("dkim", identity, writer);
  for (const CheckedIdentity& identity : row.spf) write_identity("spf", identity, writer);
}

}  // namespace

std::string to_xml(const AggregateReport& report) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n";
  Writer writer(xml);
  writer.text("version", "1.0");
  write_metadata(report, writer);
  write_policy(report, writer);
  for (const AggregateRow& row : report.rows) write_row(row, writer);
  return xml + "</feedback>\n";
}

}  // namespace connectord::reporting
