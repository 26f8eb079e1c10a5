#include "trace/terms.h"

#include <gtest/gtest.h>

#include <string_view>

namespace connectord::trace {
namespace {

struct AddressCase {
  std::string_view written;
  std::string_view canonical;
};

constexpr AddressCase addresses[] = {
    {"", ""},
    {"Postmaster", "postmaster"},
    {"a.", "a."},
    {"a@", "a@"},
    {"Alice@Contoso.COM", "alice@contoso.com"},
    {"alice@contoso.com.", "alice@contoso.com"},
    {"alice@contoso.com..", "alice@contoso.com."},
    {"a@.", "a@"},
    {"a@B@c.example", "a@b@c.example"},
    {"@relay.example:A@b.example.", "a@b.example"},
    // What is in quotes, or not ASCII, is compared with what is not.
    {"\"Alice\"@Contoso.COM.", "alice@contoso.com"},
    {"\"A b\"@c.example", "a b@c.example"},
    {"a\\@b@c.example", "a@b@c.example"},
    {"\"a@b\"", "a@b@"},
    {"a@B\xc3\xbc"
     "cher.example.",
     "a@xn--bcher-kva.example"},
    {"\xc3\xbc@C.example.", "\xc3\xbc@c.example"},
};

TEST(CanonicalAddress, IsTheSameForAllSpellingsOfOneMailbox) {
  for (const AddressCase& c : addresses) EXPECT_EQ(canonical_address(c.written), c.canonical) << c.written;
}

}  // namespace
}  // namespace connectord::trace
