-- Requests use the cookies in turns, one per line of standard input; the result is printed as one
-- line of JSON.
local requests, turn = {}, 0

function init()
  for cookie in io.lines() do
    requests[#requests + 1] = wrk.format('GET', nil, cookie ~= '' and { Cookie = cookie } or {})
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"succeeded":%d,"refused":%d,"lost":%d,"micros":%d,"p50":%d,"p99":%d,"bytes":%d}\n',
    summary.requests - errors.status, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99), summary.bytes
  ))
end
