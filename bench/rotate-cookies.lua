-- wrk: one prepared request for each session, in turn. Arguments: file of Cookie values, one a line; Host; path.

local requests = {}
local at = 0

function init(args)
  for cookie in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", args[3], {
      ["Host"] = args[2],
      ["Accept"] = "application/json, text/plain, */*",
      ["User-Agent"] = "entragate-bench",
      ["X-Forwarded-For"] = "203.0.113.7",
      ["X-Forwarded-Proto"] = "https",
      ["Cookie"] = cookie ~= "" and cookie or nil,
    })
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"badStatus":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
