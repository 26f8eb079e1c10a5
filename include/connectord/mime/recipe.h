#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connectord/mime/bytes.h"

// Edits of a body that leave all other bytes as they are.
namespace connectord::mime {

// Puts other bytes in a place. An empty `removed` inserts.
struct Splice {
  Range removed;
  std::string inserted;
};

// Copy a range of what was before, or insert bytes.
using Step = std::variant<Range, std::string>;

// How a body is made of the one before: copies, in their order, and bytes between them. What draft-ietf-dkim-dkim2-spec
// has for recipes. Thread-safe once made.
class Recipe {
 public:
  // Changes nothing.
  Recipe() = default;
  // `splices` lie within `size` bytes and do not overlap; of those at one place the first one given comes first.
  Recipe(std::vector<Splice> splices, std::uint64_t size);
  // Made of steps, whose copies are in order and do not overlap.
  explicit Recipe(std::vector<Step> steps) : steps_(std::move(steps)), changes_(true) {}

  bool changes() const { return changes_; }
  // None where nothing is changed.
  const std::vector<Step>& steps() const { return steps_; }

 private:
  std::vector<Step> steps_;
  bool changes_ = false;
};

using Sink = std::function<void(std::string_view)>;

// Gives the body as the recipe has it to `sink`, piece by piece. False if the bytes cannot be read.
bool apply(const Recipe& recipe, const Bytes& before, const Sink& sink);

// The recipe that makes the body before of the one after. It holds the bytes that were removed; std::nullopt if these
// cannot be read.
std::optional<Recipe> inverse(const Recipe& recipe, const Bytes& before);

// The body as a recipe has it, without a copy: for the next edit. Refers to both. Not thread-safe.
class EditedBytes final : public Bytes {
 public:
  EditedBytes(const Recipe& recipe, const Bytes& before);
  std::uint64_t size() const override { return ends_.empty() ? before_.size() : ends_.back(); }
  std::string_view from(std::uint64_t offset) const override;

 private:
  const Recipe& recipe_;
  const Bytes& before_;
  std::vector<std::uint64_t> ends_;  // of each step, in the body after
};

// A field of the message's own header: without a value before it is added, without one after it is removed. Values are
// raw.
struct FieldChange {
  std::string name;
  std::optional<std::string> before;
  std::optional<std::string> after;

  bool operator==(const FieldChange&) const = default;
};

struct Edit {
  std::vector<FieldChange> fields;
  Recipe body;

  bool changes() const { return !fields.empty() || body.changes(); }
};

}  // namespace connectord::mime
