#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/mime/bytes.h"
#include "connectord/mime/structure.h"
#include "connectord/model/inspection.h"

namespace connectord::inspect {

// What is looked at of one message at the most. What goes beyond is `limit_exceeded`.
struct Limits {
  std::size_t max_attachments = 200;
  std::uint64_t max_attachment_size = 128U << 20U;  // bytes, decoded
  std::size_t max_depth = 3;                        // archives in archives, attached messages counted too
  std::size_t max_entries = 10'000;                 // members of all archives together
  std::uint64_t max_ratio = 200;                    // bytes unpacked for each packed one, beyond the first MiB
  std::uint64_t max_unpacked = 100U << 20U;         // bytes, of all archives together
  std::size_t max_text = 1U << 20U;                 // bytes of text of one attachment
  std::size_t max_names = 1U << 20U;                // bytes of all names of what lies within one attachment
  std::chrono::milliseconds max_time{10'000};       // for all of it
};

class Examination;

// Opens archives that this process does not read itself. Thread-safe.
class Unpacker {
 public:
  virtual ~Unpacker() = default;
  // Looks into an archive of this kind and reports its members to `examination`, within its limits. `name` is the
  // archive's, for the report. Never throws for what the bytes are; what cannot be read is reported as uninspectable.
  virtual void unpack(std::string_view bytes, model::FileKind kind, const std::string& name,
                      Examination& examination) const = 0;
};

// A process of its own for each archive: the program at `path` (connectord-inspect), without rights, network and
// files, with bounds for memory and time. A crash of it, or no program there, is `uninspectable`. `max_at_once` of them
// run at a time; others wait.
std::unique_ptr<Unpacker> make_process_unpacker(std::string path, std::size_t max_at_once = 4);

// Where that program is: beside the one that runs, as in a folder that it was built in, else /usr/libexec.
std::string unpacker_path();

// Looks into all attachments of a message. Zip, TNEF, OLE, PDF and messages are read here; other archives by
// `unpacker`. Holds one attachment and what it unpacks in memory at a time. Thread-safe; lasts as long as the limits
// let it, so not for a thread that others wait for.
model::Inspection inspect_message(const std::vector<mime::Structure>& readings, const mime::Bytes& body,
                                  const Unpacker& unpacker, const Limits& limits = {});

// The same for one file under these names.
model::FileContents inspect_file(const std::vector<std::string>& names, std::string_view bytes,
                                 const Unpacker& unpacker, const Limits& limits = {});

}  // namespace connectord::inspect
