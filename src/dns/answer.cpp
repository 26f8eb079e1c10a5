#include "connectord/dns/answer.h"

namespace connectord::dns {

std::string_view to_string(Type type) {
  switch (type) {
    case Type::a:
      return "A";
    case Type::cname:
      return "CNAME";
    case Type::ptr:
      return "PTR";
    case Type::mx:
      return "MX";
    case Type::txt:
      return "TXT";
    case Type::aaaa:
      return "AAAA";
    case Type::tlsa:
      return "TLSA";
  }
  return "";
}

std::string_view to_string(Status status) {
  return model::word_of(status);
}

}  // namespace connectord::dns
