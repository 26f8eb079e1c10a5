#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectord/inspect/examination.h"

namespace connectord::inspect {

// Looks into a zip, or what is one to those who read it from its end: Office and OpenDocument files, jars.
void examine_zip(const std::vector<std::string>& names, std::string_view bytes, Examination& examination);

}  // namespace connectord::inspect
