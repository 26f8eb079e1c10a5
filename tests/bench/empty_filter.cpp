// The smallest filter that has connectord's callbacks and inserts one header field into each message: what libmilter
// costs by itself, and so what connectord is measured beside.
//
// Usage: empty_filter SOCKET [--steps], with SOCKET as libmilter writes it: unix:/path or inet:port@host. With --steps
// it leaves out of the protocol what connectord leaves out too where it verifies no signatures (on_negotiate in
// src/milter/connection.cpp): the body, and the replies to the header fields above all. Otherwise libmilter's default
// holds, which leaves out the steps that have no callback.
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <string_view>

namespace {

bool few_steps = false;

sfsistat go_on(SMFICTX*) {
  return SMFIS_CONTINUE;
}

sfsistat quiet() {
  return few_steps ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

sfsistat on_connect(SMFICTX*, char*, _SOCK_ADDR*) {
  return quiet();
}

sfsistat on_helo(SMFICTX*, char*) {
  return quiet();
}

sfsistat on_envelope(SMFICTX*, char**) {
  return SMFIS_CONTINUE;
}

sfsistat on_header(SMFICTX*, char*, char*) {
  return quiet();
}

sfsistat on_end_of_headers(SMFICTX*) {
  return quiet();
}

sfsistat on_end_of_message(SMFICTX* context) {
  std::array<char, 12> name = {"X-Connector"};
  std::array<char, 8> value = {"partner"};
  return smfi_insheader(context, 0, name.data(), value.data()) == MI_SUCCESS ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

sfsistat on_negotiate(SMFICTX*, unsigned long, unsigned long offered, unsigned long, unsigned long,
                      unsigned long* actions, unsigned long* steps, unsigned long* unused2, unsigned long* unused3) {
  constexpr unsigned long unwanted = SMFIP_NOBODY | SMFIP_NR_EOH | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NR_HDR |
                                     SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_HDR_LEADSPC;
  *actions = SMFIF_ADDHDRS;
  *steps = offered & unwanted;
  *unused2 = 0;
  *unused3 = 0;
  return SMFIS_CONTINUE;
}

// Nagle's algorithm would make each message wait 40 ms over TCP. libmilter keeps its socket to itself.
void set_no_delay() {
  constexpr int highest = 32;
  const int on = 1;
  for (int fd = 3; fd < highest; ++fd) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

smfiDesc describe(char* name) {
  smfiDesc filter{};
  filter.xxfi_name = name;
  filter.xxfi_version = SMFI_VERSION;
  filter.xxfi_flags = SMFIF_ADDHDRS;
  filter.xxfi_connect = on_connect;
  filter.xxfi_helo = on_helo;
  filter.xxfi_envfrom = on_envelope;
  filter.xxfi_envrcpt = on_envelope;
  filter.xxfi_header = on_header;
  filter.xxfi_eoh = on_end_of_headers;
  filter.xxfi_eom = on_end_of_message;
  filter.xxfi_abort = go_on;
  filter.xxfi_close = go_on;
  filter.xxfi_negotiate = few_steps ? on_negotiate : nullptr;
  return filter;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: empty_filter SOCKET [--steps]\n");
    return 2;
  }
  few_steps = argc > 2 && std::string_view(argv[2]) == "--steps";
  std::array<char, 6> name = {"empty"};
  if (smfi_register(describe(name.data())) != MI_SUCCESS || smfi_setconn(argv[1]) != MI_SUCCESS ||
      smfi_opensocket(true) != MI_SUCCESS) {
    std::fprintf(stderr, "empty_filter: cannot listen on %s\n", argv[1]);
    return 1;
  }
  set_no_delay();
  return smfi_main() == MI_SUCCESS ? 0 : 1;
}
