-- inbound.lua - signed webhooks with a fresh MessageSid each: wrk … -s inbound.lua URL -- PLAN [count]
--
-- PLAN is a Lua file that returns { head, url, token, fields, bodies, senders }: everything of the request before the
-- signature, the signed address, the key, the parameters in order as {name, value, encoded} or {name} when the value is
-- made here, {text, encoded} pairs, and how many numbers +15550000001… write.
local bench = dofile((debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or ".") .. "/bench.lua")
local ffi = require "ffi"
ffi.cdef [[
  const void *EVP_sha1(void);
  unsigned char *HMAC(const void *type, const void *key, int key_len, const char *data, size_t len, unsigned char *out, unsigned int *out_len);
  int EVP_EncodeBlock(unsigned char *to, const unsigned char *from, int len);
]]
local crypto = ffi.load("libcrypto.so.3")
local sha1, digest, length, base64 = crypto.EVP_sha1(), ffi.new("unsigned char[20]"), ffi.new("unsigned int[1]"), ffi.new("unsigned char[32]")
local plan, text, form, made, run, n = nil, {}, {}, {}, "", 0

local function signature(data)
  crypto.HMAC(sha1, plan.token, #plan.token, data, #data, digest, length)
  return ffi.string(base64, crypto.EVP_EncodeBlock(base64, digest, 20))
end

function init(args)
  plan = dofile(args[1])
  local random = assert(io.open("/dev/urandom", "rb"))
  run = random:read(6):gsub(".", function(c) return string.format("%02x", c:byte()) end)
  random:close()
  -- Both texts with the places of the values that are made: text[i] and form[i] for made[i].
  text[1] = plan.url
  for i, field in ipairs(plan.fields) do
    local name, value, encoded = field[1], field[2], field[3]
    text[#text + 1] = name .. (value or "")
    form[#form + 1] = (i > 1 and "&" or "") .. name .. "=" .. (encoded or "")
    if not value then
      text[#text + 1], form[#form + 1] = "", ""
      made[#made + 1] = { #text, #form, name }
    end
  end
  if args[2] == "count" then bench.count(_G) end
end

function request()
  n = n + 1
  local body = plan.bodies[n % #plan.bodies + 1]
  local sender = string.format("1555%07d", math.random(1, plan.senders))
  -- Random first: the keys of such texts scatter as Twilio's do.
  local sid = string.format("SM%08x%s%012x", math.random(0, 0x7fffffff), run, n)
  for _, at in ipairs(made) do
    local name = at[3]
    if name == "Body" then
      text[at[1]], form[at[2]] = body[1], body[2]
    elseif name == "From" then
      text[at[1]], form[at[2]] = "+" .. sender, "%2B" .. sender
    else
      text[at[1]], form[at[2]] = sid, sid
    end
  end
  local content = table.concat(form)
  return table.concat({ plan.head, signature(table.concat(text)), "\r\nContent-Length: ", #content, "\r\n\r\n", content })
end

setup, done = bench.setup, bench.done
