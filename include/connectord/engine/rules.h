#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "connectord/engine/clock.h"
#include "connectord/engine/policy.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

// What transport rules say while a message comes in. Pure, as decide.h, of which the rules at the end of a message are
// a part.
namespace connectord::engine {

// What one added recipient after the other may come to, for all rules together.
constexpr std::size_t max_added_recipients = 200;

// At RCPT, of a message that goes on by `so_far`: the refusal or deferral of this recipient by a rule, if the envelope
// alone decides that, and no rule before it that might have ended the matter is still uncertain. std::nullopt: there is
// none. Rules are asked again at the end of the message.
std::optional<model::Decision> refusal_by_rule(const Policy& policy, const model::Facts& facts,
                                               std::string_view recipient, const model::Decision& so_far,
                                               NanosecondClock clock = nullptr);

// At RCPT: the rules with split = "split" that hold for this recipient by the envelope, in words that are the same for
// the same rules. Recipients with different words do not go in one message. Empty where no rule splits, and for
// submissions, whose programs would give up.
std::string split_group(const Policy& policy, const model::Facts& facts, std::string_view recipient,
                        const model::Decision& so_far);

// At the end of a message that goes on by `so_far`: the numbers, rising, of the recipients that rules with split =
// "copy" are for, where there are others too. Empty where the rules do not tell them apart.
std::vector<std::size_t> meant_by_copies(const Policy& policy, const model::Facts& facts,
                                         const model::Decision& so_far);

}  // namespace connectord::engine
