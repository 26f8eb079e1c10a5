#include "connectord/model/decision.h"

namespace connectord::model {

std::string_view to_string(Action action) {
  switch (action) {
    case Action::accept:
      return "accept";
    case Action::reject:
      return "reject";
    case Action::defer:
      return "defer";
    case Action::quarantine:
      return "quarantine";
    case Action::discard:
      return "discard";
  }
  return "";
}

std::string_view to_string(IdentifiedBy identified_by) {
  switch (identified_by) {
    case IdentifiedBy::nothing:
      return "nothing";
    case IdentifiedBy::sender_domain:
      return "sender_domain";
    case IdentifiedBy::client_network:
      return "client_network";
    case IdentifiedBy::certificate:
      return "certificate";
  }
  return "";
}

std::string to_string(const Reply& reply) {
  return std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text;
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "pass";
    case Outcome::fail:
      return "fail";
    case Outcome::temperror:
      return "temperror";
    case Outcome::not_applicable:
      return "not applicable";
  }
  return "";
}

}  // namespace connectord::model
