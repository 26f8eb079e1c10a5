#pragma once

// Names for tables that are declared and checked, and that the model has no place for so far.
namespace connectord::config::unbuilt {

struct Trace {};

}  // namespace connectord::config::unbuilt
