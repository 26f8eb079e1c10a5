#include "connectord/reports/report_file.h"

#include "connectord/inspect/plain_archive.h"
#include "connectord/mail/message_text.h"
#include "connectord/mime/part_text.h"
#include "connectord/mime/structure.h"

namespace connectord::reports {
namespace {

constexpr std::uint64_t max_unpacked = std::uint64_t{64} << 20U;
constexpr std::size_t max_reports = 100;
constexpr int max_archives = 4;
constexpr std::size_t max_fields = 1'000;

class Reader {
 public:
  void read(std::string_view bytes, int depth) {
    if (inspect::is_gzip(bytes) || inspect::is_zip(bytes)) return archive(bytes, depth);
    const std::string_view text = without_space_before(without_byte_order_mark(bytes));
    if (text.starts_with('<')) return keep(read_aggregate_report(text));
    if (text.starts_with('{')) return keep(read_tls_report(text));
    // A file of an archive may be anything.
    if (depth == 0) message(bytes);
  }

  ReportFile file;

 private:
  static std::string_view without_byte_order_mark(std::string_view bytes) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    return bytes.starts_with(mark) ? bytes.substr(mark.size()) : bytes;
  }

  static std::string_view without_space_before(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
  }

  void complain(std::string problem) { file.problems.push_back(std::move(problem)); }

  bool is_full() {
    if (file.reports.size() < max_reports) return false;
    if (!is_cut_) complain("it has more than " + std::to_string(max_reports) + " reports");
    return is_cut_ = true;
  }

  template <class Kind>
  void keep(tl::expected<Kind, std::string>&& report) {
    if (is_full()) return;
    if (!report) return complain(report.error());
    file.reports.emplace_back(std::move(*report));
  }

  void archive(std::string_view bytes, int depth) {
    if (is_full()) return;
    if (depth == max_archives) return complain("it has archives within archives");
    const auto contents = inspect::unpack_plain(bytes, room_);
    if (!contents) return complain(contents.error());
    for (const std::string& content : *contents) room_ -= content.size();
    for (const std::string& content : *contents) read(content, depth + 1);
  }

  void message(std::string_view bytes) {
    const mail::MessageText message = mail::split_message(bytes, max_fields);
    if (message.header.empty()) return;
    const mime::MemoryBytes body(message.body);
    const auto readings = mime::read_structure(message.header, body);
    if (readings.empty()) return;
    for (const mime::Part& part : readings.front().parts) {
      if (part.children.empty()) leaf(part, body);
    }
  }

  void leaf(const mime::Part& part, const mime::Bytes& body) {
    if (part.body.size() > room_) return complain("an attachment is too large");
    std::string decoded;
    mime::decode_part(part, part.encoding(), body, [&](std::string_view piece) {
      decoded += piece;
      return true;
    });
    read(decoded, 1);
  }

  std::uint64_t room_ = max_unpacked;
  bool is_cut_ = false;
};

}  // namespace

ReportFile read_report_file(std::string_view bytes) {
  Reader reader;
  reader.read(bytes, 0);
  return std::move(reader.file);
}

}  // namespace connectord::reports
