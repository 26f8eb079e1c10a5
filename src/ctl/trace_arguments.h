#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "clock_text.h"
#include "command_line.h"
#include "connectord/trace/search.h"
#include "expected.h"

namespace connectord::ctl {

// What the commands that look into the message trace are given.
struct TraceArguments {
  std::string file;
  std::string word;
  std::string sender;
  std::string author;
  std::string recipient;
  std::string message_id;
  std::string queue_id;
  std::string client;
  std::string connector;
  std::string rule;
  std::string host;
  std::string status;
  std::string action;
  std::string direction;
  std::string since;
  std::string until;
  std::size_t limit = 0;  // 0: as many as are usual
  bool follow = false;
  bool local = false;
  bool csv = false;
  bool utc = false;
  std::string message;
  std::string by = "connector";
  std::string per;
};

Clock clock_of(const TraceArguments& arguments);

// Opens the trace that the options name, or the configuration, although the rest of that may be broken: in a fleet,
// that of all hosts. May be called again and again.
using OpenTrace = std::function<Expected<std::unique_ptr<trace::Archive>>()>;
Expected<OpenTrace> find_trace(const Common& common, const TraceArguments& arguments, const Terminal& terminal);
Expected<std::unique_ptr<trace::Archive>> open_trace(const Common& common, const TraceArguments& arguments,
                                                     const Terminal& terminal);
// Tells where what was found is of this host alone, and somebody might take it for that of a whole fleet.
void tell_scope(const trace::Archive& archive, const Terminal& terminal);

// Prints what the options ask for, or follows it.
Expected<void> search_trace(const Common& common, const TraceArguments& arguments, const Terminal& terminal);

}  // namespace connectord::ctl
