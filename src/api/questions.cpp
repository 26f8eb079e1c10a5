// Questions about imagined mail.
#include "connectord/simulate/explain.h"
#include "lookup.h"

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

 private:
  Json taken(const char* key) {
    if (!left_.contains(key)) return nullptr;
    Json value = left_[key];
    left_.erase(key);
    if (value.is_null()) refuse(key, "null says nothing; leave the field out");
    return value;
  }

  void refuse(const std::string& key, std::string message) { errors_.push_back({key, std::move(message)}); }

  Json left_;
  std::vector<FieldError> errors_;
};

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
  question.at = fields.take_integer("at", 0, last_second);
  std::vector<FieldError> errors = std::move(fields).errors();
  if (!body.contains("client_ip")) errors.push_back({"client_ip", "is missing; write an IP address"});
  if (!body.contains("mail_from")) errors.push_back({"mail_from", "is missing; write an address, or \"\" for none"});
  if (errors.empty()) return question;
  return tl::unexpected(problem(422, "the question cannot be understood", errors));
}

// One explanation that is under way. They wait for DNS, so only so many are at a time: workers must be left for others.
class Turn {
 public:
  static constexpr int most = 2;

  explicit Turn(std::atomic<int>& count) : count_(count), granted_(count.fetch_add(1) < most) {}
  ~Turn() { count_.fetch_sub(1); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool granted() const { return granted_; }

 private:
  std::atomic<int>& count_;
  bool granted_;
};

}  // namespace

Response explain_message(Context& context, const Call& call) {
  const auto question = question_of(call.body);
  if (!question) return question.error();
  const Turn turn(context.explanations);
  if (!turn.granted()) {
    Response response = problem(429, "two explanations are under way already; try again in a moment");
    response.headers.emplace_back("Retry-After", "1");
    return response;
  }
  const auto explanation = simulate::explain(context.setup.services.policies.current(), *question);
  if (explanation) return json_response(simulate::to_json(*explanation));
  return problem(422, "the question cannot be understood",
                 {{std::string(explanation.error().field), explanation.error().message}});
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
  Response response = problem(429, report.error().reason);
  response.headers.emplace_back("Retry-After", std::to_string(report.error().seconds));
  return response;
}

}  // namespace connectord::api
