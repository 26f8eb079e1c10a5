#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

// How the store's parts report that something failed. Where the store's public interface begins, the reason alone is
// handed on.
namespace connectord::trace {

struct StoreError {
  enum class Kind : std::uint8_t {
    unavailable,  // the place: the disk, the file, its rights, a lock, no memory. The same work may succeed later.
    damaged,      // the file is no database, or a damaged one
    rejected,     // the work itself; other work can be done
  };
  Kind kind = Kind::unavailable;
  std::string reason;

  bool is_damage() const { return kind == Kind::damaged; }
};

template <class Value = void>
using StoreResult = tl::expected<Value, StoreError>;

inline tl::unexpected<StoreError> unavailable(std::string reason) {
  return tl::unexpected(StoreError{StoreError::Kind::unavailable, std::move(reason)});
}

// For map_error(), where the store's public interface begins.
inline std::string to_reason(const StoreError& error) {
  return error.reason;
}

}  // namespace connectord::trace
