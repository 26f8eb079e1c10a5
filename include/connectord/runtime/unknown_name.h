#pragma once

#include <string>

#include "connectord/model/configuration.h"
#include "connectord/trace/search.h"

namespace connectord::runtime {

// For a search that found nothing: what is wrong with its connector, if no mail of the trace has ever had it and the
// configuration has none of that name, with the name that was probably meant. Empty where that is not why, or not
// known.
std::string problem_with_connector(trace::Archive& archive, const std::string& connector,
                                   const model::Configuration& configuration);

// The same for its rule.
std::string problem_with_rule(trace::Archive& archive, const std::string& rule,
                              const model::Configuration& configuration);

}  // namespace connectord::runtime
