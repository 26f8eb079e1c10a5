#pragma once

#include <vector>

#include "connectord/mta/mta_requirements.h"
#include "connectord/mta/postfix_plan.h"
#include "connectord/mta/postfix_setup.h"

// What main.cf names and this machine lacks. Looks only.
namespace connectord::mta {

// Tables of type socketmap where nobody answers, which has Postfix defer whatever it asks them about.
std::vector<Advice> unserved_socketmaps(const PostfixSetup& setup, const MtaRequirements& required);

// Files of certificates, keys and authorities without which Postfix does without TLS, and says so in its log alone.
std::vector<Advice> unusable_tls_files(const PostfixSetup& setup);

}  // namespace connectord::mta
