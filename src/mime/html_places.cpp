#include "connectord/mime/html.h"

namespace connectord::mime {

void HtmlPlaces::update(std::string_view html) {
  scanner_.update(html);
  size_ += html.size();
}

void HtmlPlaces::tag(const HtmlTag& tag) {
  const auto keep_first = [&](std::optional<std::uint64_t>& place) {
    if (!place) place = tag.end;
  };
  if (tag.name == "body") {
    tag.closes ? void(body_end_ = tag.begin) : keep_first(body_);
  } else if (tag.name == "html") {
    tag.closes ? void(html_end_ = tag.begin) : keep_first(html_);
  } else if (tag.name == "head") {
    if (tag.closes) keep_first(head_);
  } else if (tag.name == "!") {
    keep_first(doctype_);
  }
}

std::uint64_t HtmlPlaces::front() const {
  for (const auto& place : {body_, head_, html_, doctype_}) {
    if (place) return *place;
  }
  return 0;
}

std::optional<std::uint64_t> HtmlPlaces::back() const {
  if (body_end_) return body_end_;
  if (html_end_) return html_end_;
  return scanner_.is_in_text() ? std::optional(size_) : std::nullopt;
}

}  // namespace connectord::mime
