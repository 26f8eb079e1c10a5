#pragma once

#include <string>
#include <string_view>

namespace connectord::inspect {

// The text in an XML document of Office (ECMA-376) or OpenDocument, in UTF-8: character data without markup, a line for
// each paragraph and cell, nothing where formatting changes within a word. Reads on where it is not well-formed;
// follows no entity but the five of XML (1.0, 4.6) and numbers. Takes time in proportion to the bytes.
std::string text_of_xml(std::string_view xml);

// Whether a member of an Office or OpenDocument file has text that people read.
bool is_office_text(std::string_view name);

}  // namespace connectord::inspect
