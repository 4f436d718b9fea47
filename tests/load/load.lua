-- What wrk sends, and how it judges the responses: `wrk --script load.lua ... -- SEED`.
--
-- Every thread of wrk has a Lua state of its own. There must be as many connections as threads: then a thread has one
-- connection, sends the next request only after the last response, and so knows whose response it is looking at.

local CORS_HEADERS = {
  "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods",
  "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Max-Age", "Vary",
}

-- Policies: the headers that an origin must get.

local function is_at(origin, domain) return origin and origin:find("." .. domain, 1, true) end

local function everyone() return { ["Access-Control-Allow-Origin"] = "*" } end

local function reflected(origin) return { ["Access-Control-Allow-Origin"] = origin or "*", Vary = "Origin" } end

local function friends(origin)
  if not is_at(origin, "friend.example") then return { Vary = "Origin" } end
  return {
    ["Access-Control-Allow-Origin"] = origin,
    ["Access-Control-Allow-Credentials"] = "true",
    ["Access-Control-Expose-Headers"] = "X-Total",
    ["Access-Control-Max-Age"] = "600",
    Vary = "Origin",
  }
end

local function friends_preflight(origin, name)
  local headers = friends(origin)
  headers.Vary = "Origin, Access-Control-Request-Headers"
  if headers["Access-Control-Allow-Origin"] then
    headers["Access-Control-Allow-Headers"] = "x-" .. name
    headers["Access-Control-Allow-Methods"] = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"
  end
  return headers
end

local function friends_and_accept(origin)
  local headers = friends(origin)
  headers.Vary = "Origin, Accept"
  return headers
end

local function foes(origin)
  return { ["Access-Control-Allow-Origin"] = is_at(origin, "foe.example") and origin, Vary = "Origin" }
end

-- Kinds of requests: a path, to which the name is added, and what must come back.

local KINDS = {
  { path = "/plain/", status = 200, headers = friends, echoes = true },
  { path = "/everyone/", status = 200, headers = everyone, echoes = true },
  { path = "/reflected/", status = 200, headers = reflected, echoes = true },
  { path = "/decorated/", status = 200, headers = foes, echoes = true },
  { path = "/raises/", status = 500, headers = friends },
  { path = "/aborts/", status = 403, headers = friends },
  { path = "/streams/", status = 200, headers = friends, echoes = true },
  { path = "/shared-headers/", status = 200, headers = friends, echoes = true },
  { path = "/shared-response/", status = 200, headers = friends },
  { path = "/mutates/", status = 200, headers = friends_and_accept, echoes = true },
  { path = "/folder/", status = 308, headers = friends },
  { path = "/missing/", status = 404, headers = friends },
  { path = "/everyone/", status = 405, headers = everyone, method = "M" },
  { path = "/plain/", status = 200, headers = friends_preflight, method = "OPTIONS" },
}

-- The requests, one after the other, each with a name that no other has.

local threads = {}

function setup(thread)
  thread:set("id", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  seed = tonumber(arguments[1])
  math.randomseed(seed * 1000 + id)
  number, checked, wrong, examples, asked = 0, 0, 0, {}, {}
end

local function an_origin()
  local host = ({ "friend.example", "foe.example" })[math.random(3)]
  return host and string.format("https://p%d.%s", math.random(1000000), host)
end

function request()
  number = number + 1
  name = string.format("%d%03d%06d", seed, id, number)
  local choice = math.random(#KINDS)
  asked[choice], kind, origin = true, KINDS[choice], an_origin()
  local headers = { Origin = origin, ["X-Request"] = name }
  local method = kind.method or "GET"
  -- wrk makes one request up only to look at it, and knows no other methods than the usual ones.
  if method == "M" then method = number == 1 and "PUT" or "M" .. name end
  if method == "OPTIONS" then
    headers["Access-Control-Request-Method"] = "PUT"
    headers["Access-Control-Request-Headers"] = "x-" .. name
  end
  return wrk.format(method, kind.path .. name, headers)
end

-- The responses.

local function mistake(status, headers, body)
  if headers["X-Request"] ~= name then return "the response to another request" end
  if status ~= kind.status then return "status " .. status end
  if kind.echoes and body ~= name then return "body " .. body end
  local expected = kind.headers(origin, name)
  for _, header in ipairs(CORS_HEADERS) do
    if headers[header] ~= (expected[header] or nil) then return header .. ": " .. tostring(headers[header]) end
  end
end

function response(status, headers, body)
  local found = mistake(status, headers, body)
  checked = checked + 1
  if found then
    wrong = wrong + 1
    examples[kind.path] = string.format("%s for %s got %s", kind.path .. name, tostring(origin), found)
  end
end

function done(summary)
  local errors, checked, wrong, examples = summary.errors, 0, 0, {}
  for choice, kind in ipairs(KINDS) do examples[choice] = kind.path .. " was never asked for" end
  for _, thread in ipairs(threads) do
    checked, wrong = checked + thread:get("checked"), wrong + thread:get("wrong")
    for choice in pairs(thread:get("asked")) do examples[choice] = nil end
    for path, example in pairs(thread:get("examples")) do examples[path] = example end
  end
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  print(string.format("checked=%d\nwrong=%d\nlost=%d", checked, wrong, lost))
  for _, example in pairs(examples) do print("wrong: " .. example) end
end
