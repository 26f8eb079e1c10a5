#include "connectord/mta/postfix_instance.h"

#include <filesystem>

#include "connectord/mta/files.h"
#include "program.h"

namespace connectord::mta {

bool PostfixInstance::is_running() const {
  const auto status = run_program({"postfix", "-c", folder_, "status"});
  return status && status->status == 0;
}

Done PostfixInstance::check() const {
  auto output = run_program({"postfix", "-c", folder_, "check"});
  if (!output) return tl::unexpected(output.error());
  if (output->status == 0) return {};
  return tl::unexpected("postfix check: " + output->error + output->out);
}

Done PostfixInstance::reload() const {
  const auto output = output_of({"postfix", "-c", folder_, "reload"});
  if (!output) return tl::unexpected(output.error());
  return {};
}

Done PostfixInstance::install(const std::string& file, const std::string& planned_from, const std::string& content) {
  const auto now = read_file(file);
  if (!now) return tl::unexpected(now.error());
  if (*now != planned_from) {
    return tl::unexpected(file + " was changed by somebody else at this moment; nothing is done, run this again");
  }
  return replace_file(file, content, file);
}

Done PostfixInstance::write_record(const Record& record) const {
  return replace_file(record_file(folder_), record.to_json(), main_cf());
}

Done PostfixInstance::roll_back(const std::string& content, const std::optional<Record>& record) const {
  if (auto done = replace_file(main_cf(), content, main_cf()); !done) return done;
  if (record) {
    if (auto done = write_record(*record); !done) return done;
  } else {
    std::error_code ignored;
    std::filesystem::remove(record_file(folder_), ignored);
  }
  return reload();
}

void PostfixInstance::forget(const Record& record) const {
  std::error_code ignored;
  std::filesystem::remove(record_file(folder_), ignored);
  if (!record.backup.empty()) std::filesystem::remove(record.backup, ignored);
}

tl::expected<PostfixState, std::string> read_state(const std::string& folder) {
  auto setup = read_postfix(folder);
  if (!setup) return tl::unexpected(setup.error());
  PostfixInstance instance(setup->folder);
  auto record = read_record(setup->folder);
  if (!record) return tl::unexpected(record.error());
  auto content = read_file(instance.main_cf());
  if (!content) return tl::unexpected(content.error());
  auto services = read_file(instance.master_cf());
  if (!services) return tl::unexpected(services.error());
  return PostfixState{std::move(*setup), std::move(instance), std::move(*record), std::move(*content),
                      std::move(*services)};
}

std::vector<Assignment> assignments_of(const std::vector<Change>& changes) {
  std::vector<Assignment> assignments;
  for (const Change& change : changes) assignments.emplace_back(change.parameter, change.after);
  return assignments;
}

}  // namespace connectord::mta
