#include "connectord/log/logger.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/sinks/systemd_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cstdlib>

namespace connectord::log {
namespace {

constexpr const char* program = "connectord";

spdlog::level::level_enum level_of(Severity severity) {
  switch (severity) {
    case Severity::info:
      return spdlog::level::info;
    case Severity::warning:
      return spdlog::level::warn;
    case Severity::error:
      return spdlog::level::err;
    case Severity::fatal:
    case Severity::panic:
      return spdlog::level::critical;
  }
  return spdlog::level::info;
}

// systemd names the stream it gave us in JOURNAL_STREAM (systemd.exec(5)); a redirection makes it another file.
bool stderr_is_the_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return std::string(stream) == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

model::LogTarget resolved(model::LogTarget target) {
  if (target != model::LogTarget::automatic) return target;
  return stderr_is_the_journal() ? model::LogTarget::journal : model::LogTarget::standard_error;
}

spdlog::sink_ptr make_sink(model::LogTarget target) {
  switch (target) {
    case model::LogTarget::journal:
      return std::make_shared<spdlog::sinks::systemd_sink_mt>(program);
    case model::LogTarget::syslog:
      return std::make_shared<spdlog::sinks::syslog_sink_mt>(program, LOG_PID, LOG_MAIL, false);
    case model::LogTarget::automatic:
    case model::LogTarget::standard_error:
      break;
  }
  return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

class SpdlogLogger : public Logger {
 public:
  SpdlogLogger(model::LogTarget target, model::LogFormat format)
      : format_(format), sink_(std::make_shared<spdlog::logger>(program, make_sink(target))) {
    // syslog and the journal bring their own time; JSON carries no second one beside it.
    const bool bare = target != model::LogTarget::standard_error;
    if (bare) {
      sink_->set_pattern("%v");
    } else if (format == model::LogFormat::json) {
      sink_->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z",%v)");
      opens_object_ = true;
    } else {
      sink_->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z connectord[%P]: %v");
    }
  }

  void write(const Record& record) override {
    std::string line = format_ == model::LogFormat::json ? format_json(record) : format_text(record);
    if (opens_object_) line.erase(0, 1);
    sink_->log(level_of(record.severity), spdlog::string_view_t(line));
  }

 private:
  model::LogFormat format_;
  bool opens_object_ = false;
  std::shared_ptr<spdlog::logger> sink_;
};

}  // namespace

void Logger::info(std::string_view subject, std::string_view message, Fields fields) {
  write({Severity::info, subject, message, std::move(fields)});
}
void Logger::warning(std::string_view subject, std::string_view message, Fields fields) {
  write({Severity::warning, subject, message, std::move(fields)});
}
void Logger::error(std::string_view subject, std::string_view message, Fields fields) {
  write({Severity::error, subject, message, std::move(fields)});
}
void Logger::fatal(std::string_view subject, std::string_view message, Fields fields) {
  write({Severity::fatal, subject, message, std::move(fields)});
}

std::unique_ptr<Logger> make_logger(const model::Log& settings) {
  return std::make_unique<SpdlogLogger>(resolved(settings.target), settings.format);
}

}  // namespace connectord::log
