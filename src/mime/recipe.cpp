#include "connectord/mime/recipe.h"

#include <algorithm>

namespace connectord::mime {
namespace {

std::uint64_t size_of(const Step& step) {
  if (const auto* copied = std::get_if<Range>(&step)) return copied->size();
  return std::get<std::string>(step).size();
}

std::optional<std::string> read_all(const Bytes& bytes, Range range) {
  std::string all;
  const bool is_read = visit(bytes, range, [&](std::string_view piece) {
    all += piece;
    return true;
  });
  return is_read ? std::optional(std::move(all)) : std::nullopt;
}

}  // namespace

Recipe::Recipe(std::vector<Splice> splices, std::uint64_t size) : changes_(!splices.empty()) {
  if (!changes_) return;
  std::stable_sort(splices.begin(), splices.end(),
                   [](const Splice& a, const Splice& b) { return a.removed.begin < b.removed.begin; });
  std::uint64_t at = 0;
  const auto copy_up_to = [&](std::uint64_t end) {
    if (at < end) steps_.emplace_back(Range{at, end});
  };
  for (Splice& splice : splices) {
    copy_up_to(splice.removed.begin);
    if (!splice.inserted.empty()) steps_.emplace_back(std::move(splice.inserted));
    at = splice.removed.end;
  }
  copy_up_to(size);
}

bool apply(const Recipe& recipe, const Bytes& before, const Sink& sink) {
  const auto copy = [&](Range range) {
    return visit(before, range, [&](std::string_view piece) {
      sink(piece);
      return true;
    });
  };
  if (!recipe.changes()) return copy({0, before.size()});
  return std::all_of(recipe.steps().begin(), recipe.steps().end(), [&](const Step& step) {
    if (const auto* range = std::get_if<Range>(&step)) return copy(*range);
    sink(std::get<std::string>(step));
    return true;
  });
}

std::optional<Recipe> inverse(const Recipe& recipe, const Bytes& before) {
  if (!recipe.changes()) return Recipe();
  std::vector<Step> steps;
  std::uint64_t taken = 0;  // of the body before
  std::uint64_t at = 0;     // in the body after
  const auto restore_up_to = [&](std::uint64_t end) {
    const auto removed = read_all(before, {taken, end});
    if (removed && !removed->empty()) steps.emplace_back(*removed);
    return removed.has_value();
  };
  for (const Step& step : recipe.steps()) {
    if (const auto* copied = std::get_if<Range>(&step)) {
      if (!restore_up_to(copied->begin)) return std::nullopt;
      steps.emplace_back(Range{at, at + copied->size()});
      taken = copied->end;
    }
    at += size_of(step);
  }
  if (!restore_up_to(before.size())) return std::nullopt;
  return Recipe(std::move(steps));
}

EditedBytes::EditedBytes(const Recipe& recipe, const Bytes& before) : recipe_(recipe), before_(before) {
  std::uint64_t end = 0;
  for (const Step& step : recipe.steps()) ends_.push_back(end += size_of(step));
  if (recipe.changes() && ends_.empty()) ends_.push_back(0);
}

std::string_view EditedBytes::from(std::uint64_t offset) const {
  if (!recipe_.changes()) return before_.from(offset);
  if (offset >= size()) return {};
  const auto found = std::upper_bound(ends_.begin(), ends_.end(), offset);
  const Step& step = recipe_.steps()[static_cast<std::size_t>(found - ends_.begin())];
  const std::uint64_t within = size_of(step) - (*found - offset);
  if (const auto* copied = std::get_if<Range>(&step)) {
    return before_.from(copied->begin + within).substr(0, copied->size() - within);
  }
  return std::string_view(std::get<std::string>(step)).substr(within);
}

}  // namespace connectord::mime
