// Questions about imagined mail.
#include "connectord/base/base64.h"
#include "connectord/delivery/destination.h"
#include "connectord/simulate/explain.h"
#include "lookup.h"
#include "turn.h"

namespace connectord::api {
namespace {

constexpr std::size_t max_recipients = 1000;

// Takes known fields out of a body, one after the other; what is left in the end is not known.
class Fields {
 public:
  explicit Fields(const Json& body) : left_(body) {}

  void take(const char* key, std::string& value) {
    const Json field = taken(key);
    if (field.is_null()) return;
    if (!field.is_string()) return refuse(key, "write a string");
    value = field.get<std::string>();
  }

  void take(const char* key, std::optional<std::string>& value) {
    if (left_.contains(key)) take(key, value.emplace());
  }

  void take(const char* key, std::vector<std::string>& values) {
    const Json field = taken(key);
    if (field.is_null()) return;
    if (!field.is_array() || field.size() > max_recipients) return refuse(key, "write a list of at most 1000 strings");
    for (const Json& value : field) {
      if (!value.is_string()) return refuse(key, "write a list of strings");
      values.push_back(value.get<std::string>());
    }
  }

  std::optional<std::int64_t> take_integer(const char* key, std::int64_t least, std::int64_t most) {
    const Json field = taken(key);
    if (field.is_null()) return std::nullopt;
    const bool small =
        field.is_number_integer() && (!field.is_number_unsigned() || field.get<std::uint64_t>() >> 63U == 0);
    if (small && field.get<std::int64_t>() >= least && field.get<std::int64_t>() <= most)
      return field.get<std::int64_t>();
    refuse(key, "write an integer from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }

  std::vector<FieldError> errors() && {
    for (const auto& [key, value] : left_.items()) refuse(key, "there is no such field");
    return std::move(errors_);
  }

  void refuse(const std::string& key, std::string message) { errors_.push_back({key, std::move(message)}); }

 private:
  Json taken(const char* key) {
    if (!left_.contains(key)) return nullptr;
    Json value = left_[key];
    left_.erase(key);
    if (value.is_null()) refuse(key, "null says nothing; leave the field out");
    return value;
  }

  Json left_;
  std::vector<FieldError> errors_;
};

// A message that is no UTF-8 comes in base64.
void take_bytes(Fields& fields, simulate::Question& question) {
  std::optional<std::string> encoded;
  fields.take("message_base64", encoded);
  if (!encoded) return;
  auto bytes = base::from_base64(*encoded);
  if (!bytes) return fields.refuse("message_base64", "write the message's bytes in base64 (RFC 4648, 4)");
  if (question.message) return fields.refuse("message_base64", "write it, or message, not both");
  question.message = std::move(*bytes);
}

Answered<simulate::Question> question_of(const Json& body) {
  constexpr std::int64_t last_second = 253'402'300'799;  // of the year 9999
  simulate::Question question;
  Fields fields(body);
  fields.take("client_ip", question.client_ip);
  question.client_port = static_cast<std::uint16_t>(fields.take_integer("client_port", 1, 65535).value_or(0));
  fields.take("client_name", question.client_name);
  fields.take("helo", question.helo);
  fields.take("mail_from", question.mail_from);
  fields.take("rcpt_to", question.rcpt_to);
  fields.take("tls", question.tls);
  fields.take("cert_subject", question.cert_subject);
  fields.take("cert_issuer", question.cert_issuer);
  fields.take("cert_fingerprint", question.cert_fingerprint);
  fields.take("sasl_username", question.sasl_username);
  fields.take("message", question.message);
  take_bytes(fields, question);
  question.at = fields.take_integer("at", 0, last_second);
  std::vector<FieldError> errors = std::move(fields).errors();
  if (!body.contains("client_ip")) errors.push_back({"client_ip", "is missing; write an IP address"});
  if (!body.contains("mail_from")) errors.push_back({"mail_from", "is missing; write an address, or \"\" for none"});
  if (errors.empty()) return question;
  return tl::unexpected(problem(422, "the question cannot be understood", errors));
}

// A message as it leaves, as far as a person looks at it.
Json preview_of(const std::string& message) {
  constexpr std::size_t enough = std::size_t{64} << 10;
  return message.empty() ? Json() : Json(message.substr(0, enough));
}

// What mail would get now, which the advisor that answers the mail server knows.
void advise(Context& context, simulate::Explanation& explanation) {
  if (const auto& advisor = context.setup.services.advisor) {
    return delivery::advise(simulate::hops_of(explanation), *advisor);
  }
  for (simulate::ExplainedRoute& route : explanation.routes) route.hops.clear();
}

Answered<simulate::Explanation> explained(Context& context, const runtime::Generation& generation, const Json& body) {
  const auto question = question_of(body);
  if (!question) return tl::unexpected(question.error());
  const Turn turn(context.explanations, 2);
  if (!turn.granted()) {
    return tl::unexpected(try_again_in(1, "two explanations are under way already; try again in a moment"));
  }
  auto explanation = simulate::explain(generation, *question).map_error([](const simulate::InvalidArgument& wrong) {
    return problem(422, "the question cannot be understood", {{std::string(wrong.field), wrong.message}});
  });
  if (explanation) advise(context, *explanation);
  return explanation;
}

}  // namespace

Response answer_with_preview(Context& context, const runtime::Generation& generation, const Json& question) {
  const auto explanation = explained(context, generation, question);
  if (!explanation) return explanation.error();
  Json answer = simulate::to_json(*explanation);
  answer["leaves_as"] = preview_of(explanation->leaves_as);
  return json_response(answer);
}

Response explain_message(Context& context, const Call& call) {
  const auto explanation = explained(context, context.setup.services.policies.current(), call.body);
  return explanation ? json_response(simulate::to_json(*explanation)) : explanation.error();
}

Response validate_connector(Context& context, const Call& call) {
  const auto policy = context.setup.services.policies.current().policy;
  const auto found = find_connector(policy->configuration(), call);
  if (!found) return found.error();
  const Validations& validations = context.setup.validations;
  if (!validations.validate) return problem(501, "this process validates nothing");
  const auto report =
      validations.validate({found->inbound != nullptr, call.id, call.target.parameter("rcpt_to").value_or(""),
                            call.target.parameter("mail_from").value_or("")});
  if (report) return json_response(*report);
  if (!report.error().parameter.empty()) {
    return problem(400, "a parameter has a value that it cannot have",
                   {{report.error().parameter, report.error().reason}});
  }
  return try_again_in(report.error().seconds, report.error().reason);
}

}  // namespace connectord::api
