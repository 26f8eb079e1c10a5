#pragma once

#include "../command_line.h"
#include "mail_servers.h"

namespace connectord::ctl {

struct AttachArguments : MailServerPlaces {
  bool yes = false;
  bool probe = true;
};

Status attach_postfix(const AttachArguments& arguments, const Common& common, const Terminal& terminal);
Status detach_postfix(const AttachArguments& arguments, const Common& common, const Terminal& terminal);
Status attach_sendmail(const AttachArguments& arguments, const Common& common, const Terminal& terminal);
Status detach_sendmail(const AttachArguments& arguments, const Common& common, const Terminal& terminal);
Status status_of(const AttachArguments& arguments, const Common& common, const Terminal& terminal);

}  // namespace connectord::ctl
