#include "connectord/model/authentication.h"

namespace connectord::model {

std::string_view to_string(ArcResult result) {
  return word_of(result);
}

std::string_view to_string(SpfOutcome::Identity identity) {
  return word_of(identity);
}

std::string_view to_string(SpfResult result) {
  return word_of(result);
}

std::string_view to_string(DkimResult result) {
  return word_of(result);
}

std::string_view to_string(DmarcResult result) {
  return word_of(result);
}

std::string_view to_string(DmarcPolicy policy) {
  return word_of(policy);
}

}  // namespace connectord::model
