#pragma once

#include <string>

#include "connectord/mta/sendmail_plan.h"

// sendmail.mc as text (cf/README). What attach puts in stands between two comments, so it is known again. Pure.
namespace connectord::mta {

// sendmail.mc, which has no lines of ours, with those of the changes.
std::string with_our_lines(const std::string& mc, const std::vector<SendmailChange>& changes);

// sendmail.mc without the lines that attach has put in, to the byte; as it is if there are none.
std::string without_our_lines(const std::string& mc);
bool has_our_lines(const std::string& mc);

// True if it says by itself which filters are asked, whatever INPUT_MAIL_FILTER adds.
bool lists_filters(const std::string& mc);

}  // namespace connectord::mta
