#include "connectord/mta/attachment.h"

namespace connectord::mta {

std::string_view to_string(Result result) {
  switch (result) {
    case Result::would_attach:
      return "would attach";
    case Result::attached:
      return "attached";
    case Result::attached_already:
      return "attached already";
    case Result::not_proved:
      return "not proved";
    case Result::proved:
      return "proved";
    case Result::would_detach:
      return "would detach";
    case Result::detached:
      return "detached";
    case Result::not_attached:
      return "not attached";
    case Result::refused:
      return "refused";
    case Result::failed:
      return "failed";
    case Result::rolled_back:
      return "rolled back";
  }
  return "failed";
}

}  // namespace connectord::mta
