#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/configuration.h"

// From TOML files to a model::Configuration. The functions hold no state: any thread may call them at any time.
namespace connectord::config {

// One file as it is about to be.
struct FileChange {
  std::string path;                 // as locations have it
  std::optional<std::string> text;  // std::nullopt: the file will be gone
};

// One file of a configuration, as it was read.
struct SourceText {
  std::string path;  // as locations have it
  std::string text;

  friend bool operator==(const SourceText&, const SourceText&) = default;
};
using SourceTexts = std::vector<SourceText>;

// What a configuration takes from outside its files.
struct Environment {
  std::string host_name;                       // also server.authserv_id where the files name none
  std::optional<FileChange> change{};          // tried out: counts instead of what that file says now
  std::shared_ptr<const SourceTexts> files{};  // read in place of those on the disk; nullptr: read the disk
};

struct Loaded {
  model::Configuration configuration;  // to be used only if ok()
  std::vector<model::Problem> problems;
  SourceTexts sources;  // in the order in which they were read, the main file first

  // True without errors; warnings do no harm.
  bool ok() const;
};

// Reads `path` and the files that its server.include names. Every error of every file is reported; of a file that is no
// TOML, the first. Never throws for what stands in the files, and reads regular files of at most 64 MiB only.
Loaded load(const std::string& path, const Environment& environment);

// The same for a text. `file_name` stands in the locations, and includes are relative to its directory.
Loaded parse(std::string_view text, std::string_view file_name, const Environment& environment);

}  // namespace connectord::config
