-- bench.lua - what the scripts share: reading requests from a file, one JSON line at the end.
local bench = {}

-- A file of requests: for each its length on a line, then as many bytes.
function bench.requests(path)
  local file = assert(io.open(path, "rb"))
  local list = {}
  for line in file:lines() do
    list[#list + 1] = file:read(tonumber(line))
  end
  file:close()
  return list
end

-- Counts answers by status; costs the load generator some time, so only when asked for.
local threads = {}
function bench.count(thread_globals)
  thread_globals.statuses = {}
  thread_globals.response = function(status)
    local key = "s" .. status
    thread_globals.statuses[key] = (thread_globals.statuses[key] or 0) + 1
  end
end

function bench.setup(thread)
  threads[#threads + 1] = thread
end

function bench.done(summary, latency)
  local e, statuses = summary.errors, {}
  for _, thread in ipairs(threads) do
    for key, n in pairs(thread:get("statuses") or {}) do
      statuses[#statuses + 1] = string.format('"%s":%d', key:sub(2), n)
    end
  end
  io.write(string.format(
    'BENCH {"requests":%d,"seconds":%.6f,"bytes":%d,"p50_us":%d,"p99_us":%d,"errors":%d,"refused":%d,"statuses":{%s}}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout, e.status, table.concat(statuses, ",")))
end

return bench
