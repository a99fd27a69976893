-- Load for wrk: the lines of a file as bodies, one after the other; counts what X-RAGBoost-Cache says.
-- wrk -t1 -s load.lua <url> -- <file of bodies> <API key> <place of the first>

local threads, requests, place = {}, {}, 0
words = {} -- global, so that done() can read it

function setup(thread)
    threads[#threads + 1] = thread
end

function init(args)
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.headers["X-API-Key"] = args[2]
    for body in io.lines(args[1]) do
        requests[#requests + 1] = wrk.format(nil, nil, nil, body)
    end
    place = tonumber(args[3])
end

function request()
    place = place % #requests + 1
    return requests[place]
end

function response(status, headers)
    local word = status == 200 and (headers["x-ragboost-cache"] or "none") or tostring(status)
    words[word] = (words[word] or 0) + 1
end

function done(summary, latency)
    local counts, errors = {}, summary.errors
    for word, count in pairs(threads[1]:get("words")) do
        counts[#counts + 1] = string.format("%q: %d", word, count)
    end
    io.write(string.format(
        '\n{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "broken": %d, "words": {%s}}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.timeout, table.concat(counts, ", ")
    ))
end
