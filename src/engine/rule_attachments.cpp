#include "rule_attachments.h"

#include <algorithm>
#include <array>
#include <optional>

#include "connectord/match/text_set.h"

namespace connectord::engine {
namespace {

using model::Attachment;
using model::Encryption;
using model::FileContents;
using model::RuleConditions;

bool has_name(const Attachment& attachment, const std::vector<std::string>& patterns) {
  const auto fits = [&patterns](const std::string& name) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&name](const std::string& pattern) { return is_like(name, pattern); });
  };
  const auto& inner = attachment.contents.inner_names;
  return std::any_of(attachment.names.begin(), attachment.names.end(), fits) ||
         std::any_of(inner.begin(), inner.end(), fits);
}

template <class Value>
bool have_common(const std::vector<Value>& a, const std::vector<Value>& b) {
  return std::any_of(a.begin(), a.end(),
                     [&b](const Value& value) { return std::find(b.begin(), b.end(), value) != b.end(); });
}

// What one attachment has. Unknown where something in it could not be looked at.
struct AttachmentTruth {
  const Attachment& attachment;

  Truth unless_hidden(bool found) const {
    if (found) return Truth::yes;
    const FileContents& contents = attachment.contents;
    return contents.is_uninspectable() || contents.exceeds_limit() ? Truth::unknown : Truth::no;
  }
  Truth names(const RuleConditions& asked) const { return unless_hidden(has_name(attachment, asked.attachment_names)); }
  Truth extensions(const RuleConditions& asked) const {
    return unless_hidden(have_common(asked.attachment_extensions, attachment.contents.extensions));
  }
  Truth size(const RuleConditions& asked) const { return truth_of(attachment.size > *asked.attachment_size_over); }
  Truth kinds(const RuleConditions& asked) const {
    return unless_hidden(have_common(asked.attachment_kinds, attachment.contents.kinds));
  }
  Truth executable(const RuleConditions&) const { return unless_hidden(attachment.contents.is_executable()); }
  Truth encrypted(const RuleConditions&) const {
    if (attachment.contents.encrypted == Encryption::unknown) return Truth::unknown;
    return unless_hidden(attachment.contents.encrypted == Encryption::yes);
  }
  Truth uninspectable(const RuleConditions&) const { return truth_of(attachment.contents.is_uninspectable()); }
  Truth limit_exceeded(const RuleConditions&) const { return truth_of(attachment.contents.exceeds_limit()); }
};

struct AttachmentKey {
  const char* name;
  bool (*is_asked)(const RuleConditions&);
  Truth (AttachmentTruth::*truth)(const RuleConditions&) const;
  std::optional<bool> (*wanted)(const RuleConditions&);  // of a key that is true or false
};

template <auto Member>
bool has_values(const RuleConditions& asked) {
  return !(asked.*Member).empty();
}
template <auto Member>
bool has_value(const RuleConditions& asked) {
  return (asked.*Member).has_value();
}
template <auto Member>
std::optional<bool> value_of(const RuleConditions& asked) {
  return asked.*Member;
}
std::optional<bool> always(const RuleConditions&) {
  return true;
}

using C = RuleConditions;
constexpr std::array<AttachmentKey, 8> attachment_keys = {{
    {"attachment_names", has_values<&C::attachment_names>, &AttachmentTruth::names, always},
    {"attachment_extensions", has_values<&C::attachment_extensions>, &AttachmentTruth::extensions, always},
    {"attachment_size_over", has_value<&C::attachment_size_over>, &AttachmentTruth::size, always},
    {"attachment_kinds", has_values<&C::attachment_kinds>, &AttachmentTruth::kinds, always},
    {"attachment_executable", has_value<&C::attachment_executable>, &AttachmentTruth::executable,
     value_of<&C::attachment_executable>},
    {"attachment_encrypted", has_value<&C::attachment_encrypted>, &AttachmentTruth::encrypted,
     value_of<&C::attachment_encrypted>},
    {"attachment_uninspectable", has_value<&C::attachment_uninspectable>, &AttachmentTruth::uninspectable,
     value_of<&C::attachment_uninspectable>},
    {"attachment_limit_exceeded", has_value<&C::attachment_limit_exceeded>, &AttachmentTruth::limit_exceeded,
     value_of<&C::attachment_limit_exceeded>},
}};

bool is_about_the_whole(const AttachmentKey& key) {
  return key.truth == &AttachmentTruth::uninspectable || key.truth == &AttachmentTruth::limit_exceeded;
}

// Of the message beside its attachments.
Truth truth_without_attachments(const AttachmentKey& key, const model::Inspection& inspection) {
  const bool hidden = !inspection.uninspectable.empty() || !inspection.limit_exceeded.empty();
  if (!is_about_the_whole(key)) return hidden ? Truth::unknown : Truth::no;
  return truth_of(key.truth == &AttachmentTruth::uninspectable ? !inspection.uninspectable.empty()
                                                               : !inspection.limit_exceeded.empty());
}

Truth inverted(Truth truth) {
  if (truth == Truth::unknown) return truth;
  return truth == Truth::yes ? Truth::no : Truth::yes;
}

std::string name_of(const Attachment& attachment) {
  return attachment.names.empty() ? "an attachment without a name" : attachment.names.front();
}

}  // namespace

bool is_like(std::string_view name, std::string_view pattern) {
  const std::string text = match::folded(name);
  const std::string wanted = match::folded(pattern);
  std::size_t t = 0;
  std::size_t w = 0;
  std::optional<std::pair<std::size_t, std::size_t>> star;  // behind the last one, and where it ended
  while (t < text.size()) {
    if (w < wanted.size() && (wanted[w] == '?' || wanted[w] == text[t])) {
      ++t;
      ++w;
    } else if (w < wanted.size() && wanted[w] == '*') {
      star = {++w, t};
    } else if (star) {
      w = star->first;
      t = ++star->second;
    } else {
      return false;
    }
  }
  while (w < wanted.size() && wanted[w] == '*') ++w;
  return w == wanted.size();
}

void visit_attachment_keys(const RuleConditions& asked, const RuleMessage& message,
                           const std::function<bool(const char*, Truth, const std::string&)>& visit) {
  const auto& content = message.facts().content;
  for (const AttachmentKey& key : attachment_keys) {
    if (!key.is_asked(asked)) continue;
    Truth truth = Truth::unknown;
    std::string seen;
    if (content && content->unreadable.empty()) {
      truth = truth_without_attachments(key, content->inspection);
      for (const Attachment& attachment : content->inspection.attachments) {
        if (truth == Truth::yes) break;
        const Truth one = (AttachmentTruth{attachment}.*key.truth)(asked);
        if (one == Truth::yes) seen = name_of(attachment);
        if (one != Truth::no) truth = one;
      }
    }
    if (!*key.wanted(asked)) truth = inverted(truth);
    if (!visit(key.name, truth, seen)) return;
  }
}

std::vector<std::size_t> attachments_meant(const RuleConditions* asked, const model::Inspection& inspection) {
  std::vector<std::size_t> parts;
  for (const Attachment& attachment : inspection.attachments) {
    if (attachment.reading != 0) continue;
    bool any_asked = false;
    bool has_all = true;
    for (const AttachmentKey& key : attachment_keys) {
      if (asked == nullptr || !key.is_asked(*asked) || !*key.wanted(*asked)) continue;
      any_asked = true;
      has_all = has_all && (AttachmentTruth{attachment}.*key.truth)(*asked) == Truth::yes;
    }
    if (any_asked ? has_all : !attachment.is_inline) parts.push_back(attachment.part);
  }
  return parts;
}

}  // namespace connectord::engine
