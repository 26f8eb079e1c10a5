#include <algorithm>

#include "connectord/outbox/compose.h"
#include "parts.h"

namespace connectord::outbox {
namespace {

std::string notice_identity(std::string_view what, const mail::PlaceholderValues& about,
                            const std::vector<std::string>& to) {
  std::string text(what);
  for (const std::string& word : {about.rule, about.message_id, about.sender}) text.append(1, '\0').append(word);
  for (const auto* list : {&about.recipients, &to}) {
    text.append(1, '\1');
    for (const std::string& address : *list) text.append(1, '\0').append(address);
  }
  return text;
}

bool has(const std::vector<IncidentContent>& content, IncidentContent wanted) {
  return std::find(content.begin(), content.end(), wanted) != content.end();
}

std::string line(std::string_view name, std::string_view value) {
  constexpr std::size_t max_value = 1'000;
  return std::string(name) + ": " + mail::one_line(value, max_value) + "\n";
}

std::string incident_lines(const Incident& incident, const std::vector<IncidentContent>& content) {
  const auto& about = incident.about;
  const auto filled = [&](std::string_view placeholder) {
    return mail::fill_placeholders(placeholder, about, mail::PlaceholderForm::text);
  };
  std::string text;
  if (has(content, IncidentContent::rule)) text += line("Rule", about.rule);
  if (has(content, IncidentContent::severity) && !incident.severity.empty())
    text += line("Severity", incident.severity);
  if (has(content, IncidentContent::sender)) text += line("Sender", filled("{sender}"));
  if (has(content, IncidentContent::recipients)) {
    text += line("Recipients", filled("{recipients}"));
    for (const std::string& named : incident.header_recipients) text += line("Named", named);
  }
  if (has(content, IncidentContent::subject)) text += line("Subject", about.subject);
  if (has(content, IncidentContent::message_id)) text += line("Message-ID", about.message_id);
  if (has(content, IncidentContent::date)) text += line("Date", filled("{date}"));
  if (has(content, IncidentContent::connector) && !incident.connector.empty()) {
    text += line("Connector", incident.connector);
  }
  if (has(content, IncidentContent::findings)) {
    for (const std::string& finding : incident.findings) text += line("Finding", finding);
  }
  return text;
}

}  // namespace

Mail compose_notice(const Notice& notice, const mail::PlaceholderValues& about, const std::vector<std::string>& to,
                    const Author& author, const Key& key) {
  using mail::PlaceholderForm;
  const std::string subject = mail::fill_placeholders(notice.subject, about, PlaceholderForm::text);
  const std::string text = mail::fill_placeholders(notice.text, about, PlaceholderForm::text);
  const std::string html = mail::fill_placeholders(notice.html, about, PlaceholderForm::html);
  const Letterhead letterhead{.subject = subject,
                              .to = to,
                              .extra_fields = {},
                              .identity = notice_identity("notice", about, to),
                              .unix_time = about.unix_time};
  const std::string plain = text_part("text/plain", text);
  const std::string content = html.empty() ? plain
                                           : to_string(Multipart{.type = "multipart/alternative",
                                                                 .parts = {plain, text_part("text/html", html)},
                                                                 .boundary = key.secret_word(letterhead.identity)});
  return finished(letterhead, content, author, key);
}

tl::expected<Mail, std::string> compose_incident_report(const Incident& incident,
                                                        const std::vector<IncidentContent>& content,
                                                        const Original& original, const std::vector<std::string>& to,
                                                        const Author& author, const Key& key) {
  const Letterhead letterhead{.subject = "Rule " + incident.about.rule + ": " + incident.about.subject,
                              .to = to,
                              .extra_fields = {},
                              .identity = notice_identity("incident", incident.about, to),
                              .unix_time = incident.about.unix_time};
  std::vector<std::string> parts{text_part("text/plain", incident_lines(incident, content))};
  const mime::MemoryBytes nothing("");
  const Original header_alone{.header = original.header, .body = nothing};
  if (has(content, IncidentContent::headers)) {
    parts.push_back(text_part("text/rfc822-headers", text_of(header_alone).value_or("")));
  }
  if (has(content, IncidentContent::original)) {
    const auto text = text_of(original);
    if (!text) return tl::unexpected(text.error());
    parts.push_back(message_part(*text));
  }
  if (parts.size() == 1) return finished(letterhead, parts.front(), author, key);
  return finished(
      letterhead,
      to_string(Multipart{
          .type = "multipart/mixed", .parts = std::move(parts), .boundary = key.secret_word(letterhead.identity)}),
      author, key);
}

}  // namespace connectord::outbox
