#include "wire.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "wire_reader.h"

namespace connectord::dns {
namespace {

constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t type_soa = 6;
constexpr std::uint16_t type_opt = 41;
constexpr std::uint16_t edns_size = 1232;  // fits in a packet everywhere, so that nothing is fragmented
constexpr int max_chain_length = 16;       // of CNAMEs in one answer
// Of a section. No honest name has as many, and who asks for sixty names would pay for thousands each time.
constexpr unsigned max_records = 512;

constexpr std::uint16_t flag_response = 0x8000;
constexpr std::uint16_t flag_opcode = 0x7800;
constexpr std::uint16_t flag_truncated = 0x0200;
constexpr std::uint16_t flag_recursion_desired = 0x0100;
constexpr std::uint16_t flag_authentic_data = 0x0020;
constexpr std::uint16_t rcode_of_flags = 0x000f;
constexpr unsigned rcode_noerror = 0;
constexpr unsigned rcode_formerr = 1;
constexpr unsigned rcode_nxdomain = 3;

void put16(std::vector<std::uint8_t>& out, unsigned value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.push_back(static_cast<std::uint8_t>(value & 0xffU));
}

struct Record {
  std::shared_ptr<const WireName> owner;
  std::optional<std::size_t> owner_at;  // where the message has it, if the record only points there
  std::uint16_t type = 0;
  std::uint16_t record_class = 0;
  std::uint32_t ttl = 0;
  std::size_t data_at = 0;
  std::size_t data_size = 0;
};

struct Message {
  std::uint16_t flags = 0;
  std::vector<Record> answers;
  std::vector<Record> authorities;
};

using Bytes = std::span<const std::uint8_t>;

tl::unexpected<std::string> bad(std::string why) {
  return tl::unexpected(std::move(why));
}

// Thousands of records may have one owner, which they all point to: it is read once.
Record read_record(WireReader& reader, const Record* before) {
  Record record;
  record.owner_at = reader.pointer();
  if (before != nullptr && record.owner_at && record.owner_at == before->owner_at) {
    record.owner = before->owner;
    reader.u16();
  } else {
    record.owner = std::make_shared<const WireName>(reader.name());
  }
  record.type = reader.u16();
  record.record_class = reader.u16();
  record.ttl = reader.u32();
  if ((record.ttl & 0x80000000U) != 0) record.ttl = 0;  // RFC 2181, section 8
  record.data_size = reader.u16();
  record.data_at = reader.position();
  reader.bytes(record.data_size);
  return record;
}

std::vector<Record> read_section(WireReader& reader, unsigned count) {
  std::vector<Record> records;
  for (unsigned i = 0; i < count && reader.good(); ++i) {
    records.push_back(read_record(reader, records.empty() ? nullptr : &records.back()));
  }
  return records;
}

tl::expected<Message, std::string> read_message(Bytes bytes, const WireName& name, Type type) {
  WireReader reader(bytes);
  reader.u16();  // the id: who sent the query has compared it
  Message message;
  message.flags = reader.u16();
  const unsigned questions = reader.u16();
  const unsigned answers = reader.u16();
  const unsigned authorities = reader.u16();
  reader.u16();
  if (!reader.good()) return bad("shorter than a header");
  if ((message.flags & flag_response) == 0 || (message.flags & flag_opcode) != 0) return bad("not a response");
  if ((message.flags & rcode_of_flags) == rcode_formerr && questions == 0) return message;
  if (questions != 1) return bad("not one question");
  const WireName asked = reader.name();
  const unsigned asked_type = reader.u16();
  const unsigned asked_class = reader.u16();
  if (!reader.good() || asked != name || asked_type != static_cast<unsigned>(type) || asked_class != class_in) {
    return bad("an answer to another question");
  }
  if ((message.flags & flag_truncated) != 0) return bad("truncated");
  if (answers > max_records || authorities > max_records) return bad("too many records");
  message.answers = read_section(reader, answers);
  message.authorities = read_section(reader, authorities);
  if (!reader.good()) return bad("cut short or malformed");
  return message;
}

// The strings of one TXT record joined (RFC 7208, 3.3).
std::optional<std::string> read_text(Bytes data) {
  std::string text;
  while (!data.empty()) {
    const std::size_t length = data.front();
    if (length > data.size() - 1) return std::nullopt;
    text.append(data.begin() + 1, data.begin() + 1 + static_cast<std::ptrdiff_t>(length));
    data = data.subspan(1 + length);
  }
  return text;
}

std::optional<net::IpAddress> read_address(Bytes data, Type type) {
  std::array<std::uint8_t, 4> v4{};
  net::IpAddress::Bytes v6{};
  if (data.size() != (type == Type::a ? v4.size() : v6.size())) return std::nullopt;
  if (type == Type::a) {
    std::copy(data.begin(), data.end(), v4.begin());
    return net::IpAddress::from_v4(v4);
  }
  std::copy(data.begin(), data.end(), v6.begin());
  return net::IpAddress::from_bytes(v6);
}

// The name that the data of a record end with, `skip` bytes from their start.
std::optional<WireName> read_target(Bytes message, const Record& record, std::size_t skip = 0) {
  WireReader reader(message, record.data_at + skip);
  WireName name = reader.name();
  if (!reader.good() || reader.position() != record.data_at + record.data_size) return std::nullopt;
  return name;
}

// Puts the data of one record of the type that was asked for into the answer; false for data that make no sense.
bool take(Answer& answer, Bytes message, const Record& record, Type type) {
  const Bytes data = message.subspan(record.data_at, record.data_size);
  switch (type) {
    case Type::a:
    case Type::aaaa: {
      const auto address = read_address(data, type);
      if (address) answer.addresses.push_back(*address);
      return address.has_value();
    }
    case Type::cname:
    case Type::ptr: {
      const auto target = read_target(message, record);
      if (target) answer.names.push_back(to_text(*target));
      return target.has_value();
    }
    case Type::mx: {
      const auto host = data.size() > 2 ? read_target(message, record, 2) : std::nullopt;
      if (!host) return false;
      answer.exchangers.push_back({static_cast<std::uint16_t>(data[0] << 8U | data[1]), to_text(*host)});
      return true;
    }
    case Type::txt: {
      auto text = read_text(data);
      if (text) answer.texts.push_back(std::move(*text));
      return text.has_value();
    }
    case Type::tlsa:
      if (data.size() < 4) return false;
      answer.associations.push_back({data[0], data[1], data[2], std::string(data.begin() + 3, data.end())});
      return true;
  }
  return false;
}

// The negative TTL of a zone (RFC 2308, section 5), or nothing where the answer brings no SOA.
std::optional<std::uint32_t> negative_ttl(Bytes bytes, const Message& message) {
  for (const auto& record : message.authorities) {
    if (record.type != type_soa || record.data_size < 20) continue;
    WireReader reader(bytes, record.data_at + record.data_size - 4);
    return std::min(record.ttl, reader.u32());
  }
  return std::nullopt;
}

const Record* find_alias(const Message& message, const WireName& name) {
  const auto is_alias = [&](const Record& record) {
    return record.type == static_cast<unsigned>(Type::cname) && record.record_class == class_in &&
           *record.owner == name;
  };
  const auto found = std::find_if(message.answers.begin(), message.answers.end(), is_alias);
  return found == message.answers.end() ? nullptr : &*found;
}

// Follows CNAMEs as far as the answer has them; false if they are malformed or too many.
bool follow_aliases(Bytes bytes, const Message& message, WireName& name, std::uint32_t& ttl) {
  for (int link = 0; link <= max_chain_length; ++link) {
    const Record* alias = find_alias(message, name);
    if (alias == nullptr) return true;
    auto target = read_target(bytes, *alias);
    if (!target) return false;
    name = std::move(*target);
    ttl = std::min(ttl, alias->ttl);
  }
  return false;
}

}  // namespace

std::vector<std::uint8_t> encode_query(std::uint16_t id, const WireName& name, Type type, bool edns) {
  std::vector<std::uint8_t> out;
  out.reserve(header_size + name.size() + 16);
  put16(out, id);
  put16(out, flag_recursion_desired | flag_authentic_data);  // AD: we want to know (RFC 6840, 5.7)
  for (const unsigned count : {1U, 0U, 0U, edns ? 1U : 0U}) put16(out, count);
  out.insert(out.end(), name.begin(), name.end());
  put16(out, static_cast<unsigned>(type));
  put16(out, class_in);
  if (!edns) return out;
  out.push_back(0);  // RFC 6891, 6.1.2: the root, type, size of UDP answers, no extended flags, no options
  for (const unsigned field : {unsigned{type_opt}, unsigned{edns_size}, 0U, 0U, 0U}) put16(out, field);
  return out;
}

tl::expected<Response, std::string> decode_response(Bytes bytes, const WireName& name, Type type) {
  const auto message = read_message(bytes, name, type);
  if (!message) return tl::unexpected(message.error());
  const unsigned rcode = message->flags & rcode_of_flags;
  Response response;
  response.refuses_edns = rcode == rcode_formerr;
  if (response.refuses_edns) return response;
  if (rcode != rcode_noerror && rcode != rcode_nxdomain) return bad("response code " + std::to_string(rcode));

  Answer& answer = response.answer;
  answer.authenticated = (message->flags & flag_authentic_data) != 0;
  WireName last = name;
  std::uint32_t ttl = UINT32_MAX;
  if (type != Type::cname && !follow_aliases(bytes, *message, last, ttl)) return bad("a bad chain of CNAMEs");
  for (const auto& record : message->answers) {
    if (record.type != static_cast<unsigned>(type) || record.record_class != class_in || *record.owner != last)
      continue;
    if (!take(answer, bytes, record, type)) return bad("a malformed record");
    answer.status = Status::found;
    ttl = std::min(ttl, record.ttl);
  }
  if (answer.status == Status::found) {
    answer.ttl = std::chrono::seconds(ttl);
    return response;
  }
  answer.status = rcode == rcode_nxdomain ? Status::nxdomain : Status::nodata;
  const auto negative = negative_ttl(bytes, *message);
  // Records of other names alone say nothing of this one, not even that it has none.
  const auto& records = message->answers;
  const bool is_ours =
      std::any_of(records.begin(), records.end(), [&](const auto& each) { return *each.owner == name; });
  if (!records.empty() && !is_ours && !negative) return bad("records of other names only");
  answer.ttl = std::chrono::seconds(std::min(ttl, negative.value_or(0)));
  // A server that does not follow an alias says nothing about its target.
  if (rcode == rcode_noerror && last != name && !negative) {
    response.continue_at = last;
    answer.ttl = std::chrono::seconds(ttl);
  }
  return response;
}

}  // namespace connectord::dns
