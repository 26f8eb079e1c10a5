#include "connection.h"

#include <array>
#include <exception>
#include <string>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/base/number.h"
#include "connectord/mail/milter_macros.h"
#include "macros.h"

namespace connectord::milter {
namespace {

// libmilter hands its callbacks no pointer of ours until a connection has one.
const Shared* shared = nullptr;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

class Connection {
 public:
  explicit Connection(unsigned long steps) : steps_(steps), session_(shared->services, shared->intake) {
    session_.set_has_body(!has(SMFIP_NOBODY));
  }

  session::Session& session() { return session_; }
  bool has(unsigned long step) const { return (steps_ & step) != 0; }
  // Values come with their leading space where the MTA can do so; signatures need it, and others always had one.
  void header(std::string_view name, std::string_view value) {
    if (has(SMFIP_HDR_LEADSPC)) return session_.header(name, value);
    session_.header(name, std::string(" ").append(value));
  }
  sfsistat go_on_after(unsigned long no_reply) const { return has(no_reply) ? SMFIS_NOREPLY : SMFIS_CONTINUE; }

 private:
  unsigned long steps_;
  session::Session session_;
};

Connection* connection_of(SMFICTX* context) {
  return static_cast<Connection*>(smfi_getpriv(context));
}

// A macro's value; empty where the MTA did not send it.
std::string_view macro_of(SMFICTX* context, const char* name) {
  const char* value = smfi_getsymval(context, const_cast<char*>(name));
  return value == nullptr ? std::string_view() : std::string_view(value);
}

MacroLookup macros_of(SMFICTX* context) {
  return [context](const char* name) { return smfi_getsymval(context, const_cast<char*>(name)); };
}

// smfi_setreply takes one line, in which a percent sign must be doubled (its manual page).
std::string reply_text(std::string_view text) {
  constexpr std::size_t longest = 900;
  std::string line;
  for (const char c : text.substr(0, longest)) {
    const bool printable = c >= ' ' && c < 0x7f;
    if (c == '%') line += '%';
    line += printable ? c : '?';
  }
  return line;
}

sfsistat to_status(SMFICTX* context, const session::Answer& answer, sfsistat go_on) {
  if (answer.action == model::Action::accept || answer.action == model::Action::quarantine) return go_on;
  if (answer.reply) {
    std::string code = std::to_string(answer.reply->code);
    std::string enhanced = answer.reply->enhanced;
    std::string text = reply_text(answer.reply->text);
    smfi_setreply(context, code.data(), enhanced.data(), text.data());
  }
  if (answer.action == model::Action::discard) return SMFIS_DISCARD;
  return answer.action == model::Action::reject ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

// Nothing may be thrown into libmilter. What goes wrong here is a lack of memory or a bug, so the message is deferred.
template <class Event>
sfsistat guarded(SMFICTX* context, Event&& event) noexcept {
  Connection* connection = connection_of(context);
  if (connection == nullptr) return SMFIS_TEMPFAIL;
  try {
    return event(*connection);
  } catch (const std::exception& error) {
    try {
      shared->services.log.write({log::Severity::panic, "milter", "an event failed", {{"error", error.what()}}});
    } catch (...) {  // NOLINT(bugprone-empty-catch): there is nowhere left to report it
    }
    return SMFIS_TEMPFAIL;
  }
}

// The sendmail command's mail: Postfix simulates a client on the loopback with port 0, which no TCP connection has;
// Sendmail has no address at all and calls it localhost.
bool is_local_submission(std::string_view name, const std::optional<net::IpAddress>& address, std::uint16_t port) {
  if (!address) return name == "localhost";
  return address->is_loopback() && port == 0;
}

// The first event of a connection, and so where its state is made.
sfsistat on_negotiate(SMFICTX* context, unsigned long offered_actions, unsigned long offered_steps, unsigned long,
                      unsigned long, unsigned long* actions, unsigned long* steps, unsigned long* unused2,
                      unsigned long* unused3) noexcept {
  constexpr unsigned long needed = SMFIF_ADDHDRS | SMFIF_CHGHDRS;
  if ((offered_actions & needed) != needed) {
    shared->services.log.error("milter", "the mail server does not let a filter change headers; refusing to serve it");
    return SMFIS_REJECT;
  }
  if (came_in_unguarded()) {
    shared->services.log.error("milter",
                               "this libmilter takes connections past server.inet_clients; refusing to serve");
    return SMFIS_REJECT;
  }
  // What rules ask for beyond that fails where the mail server does not offer it, and such a message is deferred.
  *actions = needed | (offered_actions & (SMFIF_QUARANTINE | SMFIF_SETSYMLIST | SMFIF_CHGBODY | SMFIF_ADDRCPT |
                                          SMFIF_ADDRCPT_PAR | SMFIF_DELRCPT));
  const bool wants_body = session::Session::wants_body(*shared->services.policies.current().policy);
  const unsigned long wanted = (wants_body ? SMFIP_NR_BODY : SMFIP_NOBODY) | SMFIP_NR_EOH | SMFIP_NOUNKNOWN |
                               SMFIP_NODATA | SMFIP_NR_HDR | SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_HDR_LEADSPC;
  *steps = offered_steps & wanted;
  *unused2 = 0;
  *unused3 = 0;
  if ((offered_actions & SMFIF_SETSYMLIST) != 0) {
    smfi_setsymlist(context, SMFIM_CONNECT, const_cast<char*>(mail::connect_macros));
    smfi_setsymlist(context, SMFIM_HELO, const_cast<char*>(mail::tls_macros));
    smfi_setsymlist(context, SMFIM_ENVFROM, const_cast<char*>(mail::mail_from_macros));
    smfi_setsymlist(context, SMFIM_ENVRCPT, const_cast<char*>(mail::rcpt_to_macros));
    smfi_setsymlist(context, SMFIM_EOM, const_cast<char*>(mail::end_of_message_macros));
  }
  try {
    delete connection_of(context);  // NOLINT(cppcoreguidelines-owning-memory): libmilter holds it for us
    smfi_setpriv(context, nullptr);
    smfi_setpriv(context, new Connection(*steps));  // NOLINT(cppcoreguidelines-owning-memory)
  } catch (const std::exception&) {
    return SMFIS_REJECT;
  }
  return SMFIS_CONTINUE;
}

sfsistat on_connect(SMFICTX* context, char* name, _SOCK_ADDR* address) noexcept {
  return guarded(context, [&](Connection& connection) {
    session::Connection facts;
    facts.client_name = name == nullptr ? "" : name;
    facts.client_address = net::IpAddress::from_sockaddr(address);
    facts.client_port = net::port_of(address);
    if (facts.client_port == 0) facts.client_port = base::number_of(macro_of(context, "{client_port}"));
    facts.server_port = base::number_of(macro_of(context, "{daemon_port}"));
    facts.local_submission = is_local_submission(facts.client_name, facts.client_address, facts.client_port);
    connection.session().connected(std::move(facts));
    runtime::Activity& activity = *shared->services.activity;
    activity.milter_sessions.count(shared->services.unix_time());
    activity.seen_mta(mail_server_name(macro_of(context, "v")), macro_of(context, "j"));
    return connection.go_on_after(SMFIP_NR_CONN);
  });
}

void report_tls(SMFICTX* context, Connection& connection) {
  TlsReport report = read_tls_macros(macros_of(context));
  connection.session().secured(std::move(report.tls), std::move(report.certificate));
}

sfsistat on_helo(SMFICTX* context, char* name) noexcept {
  return guarded(context, [&](Connection& connection) {
    connection.session().helo(name == nullptr ? "" : name);
    report_tls(context, connection);
    return connection.go_on_after(SMFIP_NR_HELO);
  });
}

// Behind the path stand the parameters of MAIL, each "KEYWORD=value".
std::string_view envelope_id_of(const char* const* arguments) {
  constexpr std::string_view keyword = "ENVID=";
  for (const char* const* each = arguments + 1; arguments[0] != nullptr && *each != nullptr; ++each) {
    const std::string_view parameter(*each);
    if (base::equals_ignoring_case(parameter.substr(0, keyword.size()), keyword)) {
      return parameter.substr(keyword.size());
    }
  }
  return {};
}

sfsistat on_mail_from(SMFICTX* context, char** arguments) noexcept {
  return guarded(context, [&](Connection& connection) {
    report_tls(context, connection);
    const session::Answer answer =
        connection.session().mail_from(arguments[0], read_sasl_username(macros_of(context)), envelope_id_of(arguments));
    return to_status(context, answer, SMFIS_CONTINUE);
  });
}

sfsistat on_rcpt_to(SMFICTX* context, char** arguments) noexcept {
  return guarded(context, [&](Connection& connection) {
    const bool delivered_here = is_delivered_here(macro_of(context, "{rcpt_mailer}"));
    const session::Answer answer = connection.session().rcpt_to(arguments[0], macro_of(context, "i"), delivered_here);
    return to_status(context, answer, SMFIS_CONTINUE);
  });
}

sfsistat on_header(SMFICTX* context, char* name, char* value) noexcept {
  return guarded(context, [&](Connection& connection) {
    connection.header(name, value);
    return connection.go_on_after(SMFIP_NR_HDR);
  });
}

sfsistat on_end_of_headers(SMFICTX* context) noexcept {
  return guarded(context, [&](Connection& connection) {
    connection.session().end_of_headers();
    return connection.go_on_after(SMFIP_NR_EOH);
  });
}

sfsistat on_body(SMFICTX* context, unsigned char* bytes, size_t size) noexcept {
  return guarded(context, [&](Connection& connection) {
    connection.session().body({reinterpret_cast<const char*>(bytes), size});
    return connection.go_on_after(SMFIP_NR_BODY);
  });
}

bool carry_out(SMFICTX* context, const Connection& connection, const model::HeaderChange& change) {
  std::string name = change.name;
  if (change.kind == model::HeaderChange::Kind::remove) {
    return smfi_chgheader(context, name.data(), static_cast<int>(change.position), nullptr) == MI_SUCCESS;
  }
  // Where we asked for values as they stand, the space behind the colon is ours to write.
  std::string value = (connection.has(SMFIP_HDR_LEADSPC) ? " " : "") + change.value;
  if (change.kind == model::HeaderChange::Kind::replace) {
    return smfi_chgheader(context, name.data(), static_cast<int>(change.position), value.data()) == MI_SUCCESS;
  }
  return smfi_insheader(context, static_cast<int>(change.position), name.data(), value.data()) == MI_SUCCESS;
}

// Recipients, as RCPT had them, and addresses. The sender must not be notified if a copy fails, since they know nothing
// of it.
bool carry_out_recipients(SMFICTX* context, const session::EndOfMessageResult& ending) {
  for (std::string path : ending.removed_recipients) {
    if (smfi_delrcpt(context, path.data()) != MI_SUCCESS) return false;
  }
  for (const model::AddedRecipient& added : ending.added_recipients) {
    std::string path = "<" + added.address + ">";
    std::string parameters = "NOTIFY=NEVER";
    const int done =
        added.blind ? smfi_addrcpt_par(context, path.data(), parameters.data()) : smfi_addrcpt(context, path.data());
    if (done != MI_SUCCESS) return false;
  }
  return true;
}

// In one go, since Postfix takes nothing else in between (milter8.c).
bool replace_body(SMFICTX* context, const mime::Bytes& body) {
  if (body.size() == 0) return smfi_replacebody(context, nullptr, 0) == MI_SUCCESS;
  bool taken = true;
  const bool is_read = mime::visit(body, {0, body.size()}, [&](std::string_view piece) {
    std::string bytes(piece);
    taken = smfi_replacebody(context, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) ==
            MI_SUCCESS;
    return taken;
  });
  return is_read && taken;
}

// What could not be carried out, and of which field; empty if all was.
struct Undone {
  std::string what;
  std::string header;
};

Undone carry_out_all(SMFICTX* context, const Connection& connection, const session::EndOfMessageResult& ending) {
  for (const model::HeaderChange& change : ending.header_changes) {
    if (!carry_out(context, connection, change)) return {"change a header", change.name};
  }
  if (!carry_out_recipients(context, ending)) return {"change the recipients", {}};
  if (ending.body != nullptr && !replace_body(context, *ending.body)) return {"change the body", {}};
  if (ending.answer.action == model::Action::quarantine) {
    std::string reason = reply_text(ending.answer.quarantine);
    if (smfi_quarantine(context, reason.data()) != MI_SUCCESS) return {"hold the message", {}};
  }
  return {};
}

// A message that is changed in part, whose forged tags stay, say, must not go on.
sfsistat defer_unchanged(SMFICTX* context, std::string_view queue_id, const Undone& undone) {
  log::Fields fields;
  if (!undone.header.empty()) fields.emplace_back("header", undone.header);
  shared->services.log.error(queue_id.empty() ? "NOQUEUE" : queue_id, "cannot " + undone.what + "; deferring",
                             std::move(fields));
  return to_status(context, {model::Action::defer, model::Reply{451, "4.3.0", "Cannot " + undone.what}},
                   SMFIS_CONTINUE);
}

sfsistat on_end_of_message(SMFICTX* context) noexcept {
  return guarded(context, [&](Connection& connection) {
    const std::string_view queue_id = macro_of(context, "i");
    const session::EndOfMessageResult ending = connection.session().end_of_message(queue_id);
    if (ending.answer.action == model::Action::accept || ending.answer.action == model::Action::quarantine) {
      const Undone undone = carry_out_all(context, connection, ending);
      if (!undone.what.empty()) return defer_unchanged(context, queue_id, undone);
    }
    return to_status(context, ending.answer, SMFIS_CONTINUE);
  });
}

sfsistat on_abort(SMFICTX* context) noexcept {
  return guarded(context, [&](Connection& connection) {
    connection.session().abort();
    return SMFIS_CONTINUE;
  });
}

sfsistat on_close(SMFICTX* context) noexcept {
  delete connection_of(context);  // NOLINT(cppcoreguidelines-owning-memory): libmilter held it for us
  smfi_setpriv(context, nullptr);
  return SMFIS_CONTINUE;
}

}  // namespace

smfiDesc describe_filter(const Shared& with) {
  shared = &with;
  static std::array<char, 11> name = {'c', 'o', 'n', 'n', 'e', 'c', 't', 'o', 'r', 'd', '\0'};
  smfiDesc filter{};
  filter.xxfi_name = name.data();
  filter.xxfi_version = SMFI_VERSION;
  filter.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST | SMFIF_CHGBODY |
                      SMFIF_ADDRCPT | SMFIF_ADDRCPT_PAR | SMFIF_DELRCPT;
  filter.xxfi_connect = on_connect;
  filter.xxfi_helo = on_helo;
  filter.xxfi_envfrom = on_mail_from;
  filter.xxfi_envrcpt = on_rcpt_to;
  filter.xxfi_header = on_header;
  filter.xxfi_eoh = on_end_of_headers;
  filter.xxfi_body = on_body;
  filter.xxfi_eom = on_end_of_message;
  filter.xxfi_abort = on_abort;
  filter.xxfi_close = on_close;
  filter.xxfi_negotiate = on_negotiate;
  return filter;
}

}  // namespace connectord::milter
