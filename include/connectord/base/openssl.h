#pragma once

namespace connectord::base {

// Frees an object of OpenSSL by the function that its kind has, for std::unique_ptr:
// std::unique_ptr<BIO, Free<BIO_free_all>>.
template <auto free_function>
struct Free {
  template <class Object>
  void operator()(Object* object) const {
    free_function(object);
  }
};

}  // namespace connectord::base
