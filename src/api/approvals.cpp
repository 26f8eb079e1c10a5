// What the links in our questions for approval lead to. A page that decides nothing by being opened, since programs
// open links too, and two buttons. Whoever has the link is the approver: no token is asked for.
#include <array>

#include "connectord/base/html_escape.h"
#include "connectord/outbox/approval.h"
#include "held_decision.h"
#include "trace_archive.h"

namespace connectord::api {
namespace {

// No script, nothing from elsewhere, and forms that lead back here alone.
constexpr const char* approval_policy =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

// The link must not leave by Referer, nor stay in a cache.
Response page_of(const std::string& content, unsigned status = 200) {
  const std::string page =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>Held mail</title>\n<style>body{font:1em sans-serif;margin:2em auto;"
      "max-width:40em;padding:0 1em}dt{font-weight:bold}dd{margin:0 0 .5em;overflow-wrap:anywhere}form{display:inline}"
      "button{font:inherit;padding:.5em 1em;margin:1em 1em 0 0}</style></head>\n<body><main>" +
      content + "</main></body></html>\n";
  return {status,
          "text/html; charset=utf-8",
          page,
          {{"Content-Security-Policy", approval_policy},
           {"Referrer-Policy", "no-referrer"},
           {"Cache-Control", "no-store"},
           {"X-Content-Type-Options", "nosniff"}}};
}

struct Question {
  outbox::Approval approval;
  HeldRow held;
};

// What the path's code is for, if it is still to be decided.
Answered<Question> find_question(Context& context, const Call& call) {
  const auto& key = context.setup.services.mail_key;
  const auto approval =
      key ? outbox::read_approval_code(call.id, *key, context.setup.services.unix_time()) : std::nullopt;
  if (!approval) return tl::unexpected(problem(400, "the link is not valid, or not any more; ask an administrator"));
  const auto archive = open_archive(context);
  if (!archive) return tl::unexpected(archive.error());
  const auto found = find_held(**archive, approval->queue_id);
  if (!found) return tl::unexpected(problem(503, "the record of messages cannot be read: " + found.error()));
  // A queue ID may be another message's by now.
  constexpr std::int64_t slack = 300;
  constexpr std::int64_t second = 1000;
  const std::int64_t age = *found ? (*found)->message().time / second - approval->asked : 0;
  if (!*found || age < -slack || age > slack) {
    return tl::unexpected(problem(409, "the message is not held: it was not taken, or too long ago"));
  }
  if ((*found)->row.status != trace::Status::quarantined) {
    return tl::unexpected(problem(409, "it has been decided on the message already"));
  }
  return Question{*approval, **found};
}

std::string term(std::string_view name, const std::string& value) {
  return value.empty() ? "" : "<dt>" + std::string(name) + "</dt><dd>" + base::html_escaped(value) + "</dd>";
}

std::string button(std::string_view action, std::string_view label, const std::string& code) {
  return "<form method=\"post\" action=\"/approval/" + base::html_escaped(code) + "/" + std::string(action) +
         "\"><button>" + std::string(label) + "</button></form>";
}

Response decide_by_link(Context& context, const Call& call, mta::HeldOrder order) {
  const auto question = find_question(context, call);
  if (!question) return question.error();
  if (context.setup.held == nullptr) return problem(501, "this process does not look at the mail server");
  const Call approved{call.request,
                      call.target,
                      question->approval.queue_id,
                      {.name = "approver " + question->approval.approver, .role = Role::nobody},
                      {}};
  Response response = decide_on(context, approved, question->held, order);
  constexpr unsigned first_error = 400;
  if (response.status >= first_error) return response;
  return page_of(order == mta::HeldOrder::release ? "<h1>Released</h1><p>The message is delivered now.</p>"
                                                  : "<h1>Rejected</h1><p>The message was deleted.</p>");
}

}  // namespace

Response show_approval(Context& context, const Call& call) {
  const auto question = find_question(context, call);
  if (!question) return question.error();
  const trace::Message& message = question->held.message();
  return page_of("<h1>Held mail</h1><dl>" + term("Sender", message.mail_from) + term("From", message.from) +
                 term("Recipient", question->held.row.rcpt_to) + term("Subject", message.subject) +
                 term("Held because of", message.quarantine) + "</dl>" + button("release", "Release", call.id) +
                 button("reject", "Reject", call.id));
}

Response release_by_link(Context& context, const Call& call) {
  return decide_by_link(context, call, mta::HeldOrder::release);
}

Response reject_by_link(Context& context, const Call& call) {
  return decide_by_link(context, call, mta::HeldOrder::remove);
}

}  // namespace connectord::api
