#pragma once

#include "command_line.h"
#include "connectord/mta/attachment.h"
#include "connectord/mta/mail_servers.h"

namespace connectord::ctl {

struct AttachArguments : mta::MailServerPlaces {
  bool yes = false;
  bool no_probe = false;
};

inline mta::Order order_of(const AttachArguments& arguments, const Common& common) {
  return {.configuration = common.configuration, .carry_out = arguments.yes, .converse = !arguments.no_probe};
}

Status attach_postfix(const AttachArguments& arguments, const Common& common, const Terminal& terminal);
Status detach_postfix(const AttachArguments& arguments, const Common& common, const Terminal& terminal);
Status attach_sendmail(const AttachArguments& arguments, const Common& common, const Terminal& terminal);
Status detach_sendmail(const AttachArguments& arguments, const Common& common, const Terminal& terminal);

}  // namespace connectord::ctl
