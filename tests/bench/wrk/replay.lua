-- replay.lua - sends the requests of a file, over and over: wrk … -s replay.lua URL -- FILE [count]
local bench = dofile((debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or ".") .. "/bench.lua")
local requests, n = {}, 0

function init(args)
  requests = bench.requests(args[1])
  if args[2] == "count" then bench.count(_G) end
end

function request()
  n = n % #requests + 1
  return requests[n]
end

setup, done = bench.setup, bench.done
