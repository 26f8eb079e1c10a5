#include "connectord/mta/main_cf.h"

#include <fstream>

#include "connectord/mta/files.h"
#include "program.h"

namespace connectord::mta {
namespace {

tl::expected<void, std::string> run_postconf(const std::string& folder, const char* option,
                                             const std::string& argument) {
  const auto done = output_of({"postconf", "-c", folder, option, argument});
  if (!done) return tl::unexpected(done.error());
  return {};
}

bool write_plainly(const std::filesystem::path& file, const std::string& content) {
  std::ofstream out(file, std::ios::binary);
  out << content;
  return static_cast<bool>(out.flush());
}

}  // namespace

tl::expected<std::string, std::string> edited_main_cf(const std::string& content,
                                                      const std::vector<Assignment>& assignments) {
  const TemporaryFolder folder;
  const std::filesystem::path copy = folder.path() / "main.cf";
  if (folder.path().empty() || !write_plainly(copy, content)) {
    return tl::unexpected(std::string("cannot write a copy of main.cf below the folder for temporary files"));
  }
  // One after the other: of several new ones postconf(1) makes the order of its hash table.
  for (const auto& [parameter, value] : assignments) {
    const auto done = value ? run_postconf(folder.path(), "-e", parameter + " = " + *value)
                            : run_postconf(folder.path(), "-X", parameter);
    if (!done) return tl::unexpected(done.error());
  }
  return read_file(copy);
}

std::string unified_diff(const std::string& file, const std::string& before, const std::string& after) {
  const TemporaryFolder folder;
  const std::filesystem::path a = folder.path() / "before";
  const std::filesystem::path b = folder.path() / "after";
  if (folder.path().empty() || !write_plainly(a, before) || !write_plainly(b, after)) return {};
  const auto output = run_program({"diff", "-u", "--label", file, "--label", file + " (new)", a, b});
  return output ? output->out : "";
}

}  // namespace connectord::mta
