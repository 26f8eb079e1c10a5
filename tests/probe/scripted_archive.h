#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "connectord/trace/search.h"

namespace connectord::probe::testing {

// A message trace out of nothing: rows that come one look after the other, and what became of them.
class ScriptedArchive : public trace::Archive {
 public:
  // The rows that a search finds; the query is the searcher's.
  std::function<std::vector<trace::Row>(const trace::Query&)> found = [](const trace::Query&) {
    return std::vector<trace::Row>();
  };
  std::vector<trace::Attempt> attempts;
  trace::Report volumes;  // of any time
  std::vector<trace::Flow> hours;
  std::vector<trace::Query> queries;

  tl::expected<trace::Page, std::string> search(const trace::Query& query) override {
    queries.push_back(query);
    return trace::Page{found(query), {}};
  }
  tl::expected<std::optional<trace::MessageTraceDetail>, std::string> detail(std::int64_t) override {
    return trace::MessageTraceDetail{{}, attempts, {}};
  }
  tl::expected<std::int64_t, std::string> last_row() override { return 0; }
  tl::expected<trace::Report, std::string> report(const trace::ReportQuery&) override { return volumes; }
  tl::expected<std::vector<trace::Flow>, std::string> flows(std::int64_t, std::int64_t) override { return hours; }
  tl::expected<std::vector<std::string>, std::string> connectors() override { return std::vector<std::string>(); }
  tl::expected<std::vector<std::string>, std::string> rules() override { return std::vector<std::string>(); }
  tl::expected<trace::DmarcRowsEnd, std::string> dmarc_rows(const trace::DmarcRows&,
                                                            const trace::TakeDmarcRow&) override {
    return trace::DmarcRowsEnd();
  }
};

inline trace::Row row_of(std::int64_t id, trace::Message message,
                         trace::Status status = trace::Status::getting_status) {
  message.id = id;
  return {id, "somebody@contoso.com", status, 0, std::make_shared<const trace::Message>(std::move(message))};
}

}  // namespace connectord::probe::testing
