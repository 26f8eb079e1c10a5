#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectord/model/configuration.h"

namespace connectord::log {

// As Postfix names them: warning, the administrator should look; error, something does not work; fatal, the daemon
// ends; panic, a bug of ours.
enum class Severity : std::uint8_t { info, warning, error, fatal, panic };

using Fields = std::vector<std::pair<std::string_view, std::string>>;

// One line of the log. `subject` comes first: a queue ID, "NOQUEUE", or the part of the daemon that speaks.
struct Record {
  Severity severity = Severity::info;
  std::string_view subject;
  std::string_view message;  // free text of the program's own; may be empty
  Fields fields;             // values may come from outside
};

// The text form, without time: "4WqX1z2: warning: message, key=value key="with space"". Values from outside cannot end
// the line, add a key or hide what follows: control characters, those that turn the order of text around
// (net/display_control.h), quotes, backslashes and bytes that are no UTF-8 are written as \xNN, and a value that is
// empty or holds a space, an equals sign or a comma stands in quotes.
std::string format_text(const Record& record);
// One JSON object (RFC 8259) in one line; bytes that are no UTF-8 are replaced by U+FFFD, and
// characters that say how text is shown are written as \uXXXX.
std::string format_json(const Record& record);

// Thread-safe.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void write(const Record& record) = 0;

  void info(std::string_view subject, std::string_view message, Fields fields = {});
  void warning(std::string_view subject, std::string_view message, Fields fields = {});
  void error(std::string_view subject, std::string_view message, Fields fields = {});
  void fatal(std::string_view subject, std::string_view message, Fields fields = {});
};

// The log that the settings ask for. "auto" is the journal where systemd connected our standard error to it, and
// standard error otherwise.
std::unique_ptr<Logger> make_logger(const model::Log& settings);

}  // namespace connectord::log
