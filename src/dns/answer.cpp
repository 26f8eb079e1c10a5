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
  switch (status) {
    case Status::found:
      return "found";
    case Status::nodata:
      return "no such record";
    case Status::nxdomain:
      return "no such domain";
    case Status::timeout:
      return "timeout";
    case Status::error:
      return "error";
    case Status::invalid:
      return "not a domain name";
  }
  return "";
}

}  // namespace connectord::dns
