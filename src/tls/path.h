#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/tls/chain.h"
#include "handles.h"

namespace connectord::tls {

struct TrustStore::Handle {
  StoreHandle store;
};

// What OpenSSL's path validation found: not only the first error, all of them.
struct Path {
  struct Error {
    int code = 0;
    int depth = 0;
    std::string subject;
  };
  std::vector<Error> errors;
  std::vector<X509Handle> certificates;  // the server's first

  const Error* find(int code) const;
};

using Crls = std::unique_ptr<STACK_OF(X509_CRL), void (*)(STACK_OF(X509_CRL)*)>;

// With lists, the server's own certificate is looked up in them.
Path find_path(const Chain& chain, const TrustStore& store, std::int64_t unix_time,
               STACK_OF(X509_CRL) * lists = nullptr);

}  // namespace connectord::tls
