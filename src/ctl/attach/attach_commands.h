#pragma once

#include <string>

#include "../command_line.h"

namespace connectord::ctl {

struct AttachArguments {
  std::string folder = "/etc/postfix";
  std::string sendmail_mc = "/etc/mail/sendmail.mc";
  bool postfix_named = false;  // a person said where it is
  bool sendmail_named = false;
  bool yes = false;
  bool probe = true;
};

Status attach_postfix(const AttachArguments& arguments, const Common& common, const Terminal& terminal);
Status detach_postfix(const AttachArguments& arguments, const Common& common, const Terminal& terminal);
Status attach_sendmail(const AttachArguments& arguments, const Common& common, const Terminal& terminal);
Status detach_sendmail(const AttachArguments& arguments, const Common& common, const Terminal& terminal);
Status status_of(const AttachArguments& arguments, const Common& common, const Terminal& terminal);

}  // namespace connectord::ctl
