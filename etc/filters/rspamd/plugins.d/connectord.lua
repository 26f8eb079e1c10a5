--[[
Makes what connectord says of a message count in rspamd:

- rspamd judges (SPF, DMARC, lists of addresses, reputation) by the original client, where skip listing found one.
- It does not look for spam in mail of a connector with skip_spam_filtering; local.d/settings.conf says what is left.

Both stand in header fields, which anybody can write. They are connectord's only if connectord is asked before rspamd
about all mail that rspamd gets, since it deletes those that a message brought along: it must stand before rspamd in
smtpd_milters and non_smtpd_milters (Sendmail: in InputMailFilters). So a message that does not come by the milter
protocol is never believed, nor a field that is there twice.

Install as /etc/rspamd/plugins.d/connectord.lua, and write into /etc/rspamd/rspamd.conf.local:

  connectord { }

or, where connectord's tag.header is another:

  connectord { tag = "X-Source"; }
]]--

if confighelp then return end

local lua_util = require 'lua_util'
local rspamd_ip = require 'rspamd_ip'

local name = 'connectord'
local options = rspamd_config:get_all_opt(name)
if not options then return end
local tag = options.tag or 'X-Connector'

-- What connectord says under this name, or nil.
local function said(task, suffix)
  local fields = task:get_header_full(tag .. suffix)
  if not fields or #fields ~= 1 then return nil end
  return fields[1].decoded
end

-- The names of that client, as the gateway that took its mail wrote them down.
local function names_of(task, address)
  for _, received in ipairs(task:get_received_headers() or {}) do
    if received.real_ip == address then return received.from_hostname, received.real_hostname end
  end
end

local function judge_by(task, address)
  local text = address:to_string()
  local helo, host = names_of(task, address)
  local gateway = task:get_from_ip()
  task:set_from_ip(address)
  -- In brackets: not known. The gateway's own names must not count as the client's.
  task:set_helo(helo or '[' .. text .. ']')
  task:set_hostname(host or '[' .. text .. ']')
  task:insert_result('CONNECTORD_ORIGINAL_CLIENT', 1.0, {text, 'by ' .. tostring(gateway)})
end

local function heed(task)
  if not task:has_flag('milter') then return end
  local client = said(task, '-Original-Client')
  local address = client and rspamd_ip.from_string(client)
  if address and address:is_valid() then judge_by(task, address) end
  if said(task, '-Skip-Spam-Filtering') == 'yes' then
    task:get_mempool():set_variable('connectord_skip', 'yes') -- for local.d/settings.conf
    task:insert_result('CONNECTORD_SKIP', 1.0)
  end
end

local id = rspamd_config:register_symbol({
  name = 'CONNECTORD',
  type = 'prefilter',
  priority = lua_util.symbols_priorities.top + 1, -- before the settings, which may go by address, too
  flags = 'empty,nostat,explicit_disable,ignore_passthrough',
  callback = heed,
})
for symbol, description in pairs({
  CONNECTORD_ORIGINAL_CLIENT = 'Judged by the client that handed the message to a gateway of ours',
  CONNECTORD_SKIP = 'Not filtered, as its connector has skip_spam_filtering',
}) do
  rspamd_config:register_symbol({ name = symbol, type = 'virtual', parent = id, flags = 'nostat' })
  rspamd_config:set_metric_symbol({ name = symbol, score = 0.0, group = name, description = description })
end
