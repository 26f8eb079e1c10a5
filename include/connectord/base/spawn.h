#pragma once

#include <spawn.h>

#include <string>
#include <vector>

// What posix_spawn(3) wants freed again, and its lists of words. Not thread-safe.
namespace connectord::base {

struct SpawnFileActions {
  SpawnFileActions() { ::posix_spawn_file_actions_init(&value); }
  ~SpawnFileActions() { ::posix_spawn_file_actions_destroy(&value); }
  SpawnFileActions(const SpawnFileActions&) = delete;
  SpawnFileActions& operator=(const SpawnFileActions&) = delete;
  posix_spawn_file_actions_t value{};
};

struct SpawnAttributes {
  SpawnAttributes() { ::posix_spawnattr_init(&value); }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&value); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  posix_spawnattr_t value{};
};

// With the null pointer at the end. They are valid as long as the words are; exec(3) changes none.
inline std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace connectord::base
