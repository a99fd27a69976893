"""
What is done to a bucket in one go, in Lua: whoever looks on sees an entry with all that lists it, or neither.

A bucket is all that is kept under one hash tag, which is ``KEYS[1]``, and so in one slot:

- ``answer:NAME``: the entry (``redis_values.py``), with a time to live that is housekeeping only,
- ``cards``: what must be known to unlist an entry that may be gone: tenant, size, accesses, time, facets,
- ``names``, ``deaths``, ``uses``: all names, in order, by the time after which nothing may be served, by last use,
- ``stored:TENANT``: a tenant's names by the time they were stored,
- ``facet:LENGTH:TENANT`` and a letter and a value: a tenant's names by namespace, model, tag and document,
- ``totals`` and ``totals:TENANT``: entries, size and accesses.

What changes a bucket gives by how much its totals have changed. A card names the facets as they are: so a later
version may have others, and this one still unlists them.
"""

from typing import Final

from adapters.answer_cache.redis_values import ACCESSED_AT, ACCESSES_AT, HEAD, IDENTITY
from adapters.redis_commands import Script

_HEAD: Final = "".join(f"\\{byte:03d}" for byte in HEAD)

_COMMON: Final = """
local base = KEYS[1]
local cards, names, deaths, uses = base .. 'cards', base .. 'names', base .. 'deaths', base .. 'uses'
local change = {0, 0, 0}

local function count(tenant, entries, size, accesses)
  for _, key in ipairs({base .. 'totals', base .. 'totals:' .. tenant}) do
    redis.call('HINCRBY', key, 'size', size)
    redis.call('HINCRBY', key, 'accesses', accesses)
    if redis.call('HINCRBY', key, 'entries', entries) <= 0 then redis.call('DEL', key) end
  end
  change = {change[1] + entries, change[2] + size, change[3] + accesses}
end

local function facet(tenant, what)
  return base .. 'facet:' .. #tenant .. ':' .. tenant .. what
end

local function card_of(name)
  local packed = redis.call('HGET', cards, name)
  return packed and cmsgpack.unpack(packed)
end

local function unlist(name)
  local card = card_of(name)
  if not card then return end
  local tenant = card[1]
  for number = 5, #card do redis.call('SREM', facet(tenant, card[number]), name) end
  redis.call('ZREM', base .. 'stored:' .. tenant, name)
  for _, key in ipairs({names, deaths, uses}) do redis.call('ZREM', key, name) end
  redis.call('HDEL', cards, name)
  count(tenant, -1, 0 - card[2], 0 - card[3])  -- a minus of its own would make -0, which is no integer
end

local function lost(name)
  if redis.call('EXISTS', base .. 'answer:' .. name) == 1 then return false end
  unlist(name)
  return true
end
"""

# The value goes first: a server whose memory is full refuses this, and nothing has been changed.
PUT: Final = Script(
    _COMMON
    + """
local name, tenant, stored_at, accesses, size = ARGV[1], ARGV[4], ARGV[5], tonumber(ARGV[8]), tonumber(ARGV[9])
local written = redis.pcall('SET', base .. 'answer:' .. name, ARGV[2], 'PX', ARGV[3])
if written.err then return written end
unlist(name)
local card = {tenant, size, accesses, tonumber(stored_at)}
for number = 10, #ARGV do
  card[#card + 1] = ARGV[number]
  redis.call('SADD', facet(tenant, ARGV[number]), name)
end
redis.call('HSET', cards, name, cmsgpack.pack(card))
redis.call('ZADD', names, 0, name)
redis.call('ZADD', deaths, ARGV[6], name)
redis.call('ZADD', uses, ARGV[7], name)
redis.call('ZADD', base .. 'stored:' .. tenant, stored_at, name)
count(tenant, 1, size, accesses)
return change
"""
)
"""Arguments: name, value, milliseconds to live, tenant, stored at, dies at, used at, accesses, size, facets."""

REMOVE: Final = Script(
    _COMMON
    + """
for _, name in ipairs(ARGV) do
  redis.call('DEL', base .. 'answer:' .. name)
  unlist(name)
end
return change
"""
)
"""Arguments: names."""

DROP: Final = Script(
    _COMMON
    + f"""
for number = 1, #ARGV, 2 do
  local name = ARGV[number]
  if redis.call('GETRANGE', base .. 'answer:' .. name, 0, {IDENTITY - 1}) == ARGV[number + 1] then
    redis.call('DEL', base .. 'answer:' .. name)
    unlist(name)
  end
end
return change
"""
)
"""Remove what could not be read, unless it was replaced meanwhile. Arguments: names, each with how its value begins."""

SETTLE: Final = Script(
    _COMMON
    + f"""
local hits = 2 + 4 * tonumber(ARGV[1])
for number = 2, hits - 1, 4 do
  local name, key, times = ARGV[number], base .. 'answer:' .. ARGV[number], tonumber(ARGV[number + 1])
  local card = card_of(name)
  if card and redis.pcall('GETRANGE', key, 0, {len(HEAD) - 1}) == '{_HEAD}' then
    redis.call('BITFIELD', key, 'INCRBY', 'i64', {8 * ACCESSES_AT}, times)
    redis.call('SETRANGE', key, {ACCESSED_AT}, ARGV[number + 3])
    card[3] = card[3] + times
    redis.call('HSET', cards, name, cmsgpack.pack(card))
    redis.call('ZADD', uses, 'XX', ARGV[number + 2], name)
    count(card[1], 0, 0, times)
  end
end
for number = hits, #ARGV do lost(ARGV[number]) end
return change
"""
)
"""
Count hits, and unlist what is gone.

Arguments: the number of entries that were hit; of each its name, how often, when last, and that as it stands in a
value; then the names that were not found.
"""

SELECT: Final = Script(
    _COMMON
    + """
local tenant, before, sets = ARGV[1], ARGV[2], {}
local stored = base .. 'stored:' .. tenant
for number = 3, #ARGV do sets[#sets + 1] = facet(tenant, ARGV[number]) end
if #sets == 0 then return redis.call('ZRANGEBYSCORE', stored, '-inf', before) end
local found = redis.call('SINTER', unpack(sets))
if before == '+inf' then return found end
local limit, earlier = tonumber(before:sub(2)), {}
for _, name in ipairs(found) do
  local at = redis.call('ZSCORE', stored, name)
  if at and tonumber(at) < limit then earlier[#earlier + 1] = name end
end
return earlier
"""
)
"""Give names. Arguments: tenant, ``+inf`` or a bracket and the time before which they were stored, facets."""

SURVEY: Final = Script(
    _COMMON
    + """
local now, horizon, idle = ARGV[1], ARGV[2], {}
local dead = redis.call('ZRANGEBYSCORE', deaths, '-inf', '(' .. now)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', uses, '(' .. horizon, '+inf')) do
  local card = card_of(name)
  if card and card[4] > tonumber(horizon) then dead[#dead + 1] = name end
end
local sized = {}
for _, name in ipairs(dead) do
  local card = card_of(name)
  sized[#sized + 1] = {name, card and card[2] or 0}
end
local used = redis.call('ZRANGE', uses, 0, tonumber(ARGV[3]) - 1, 'WITHSCORES')
for number = 1, #used, 2 do
  local card = not lost(used[number]) and card_of(used[number])
  if card then idle[#idle + 1] = {used[number], used[number + 1], card[2]} end
end
return {change, sized, idle, #used / 2}
"""
)
"""
Give the dead with their sizes, and those that were idle longest with the time of their last use and their size.

Those that the server has evicted by itself are idle: they are unlisted on the way. Arguments: now; the time from which
on it is the future; how many of the idle to look at. The last that is given is how many were looked at.
"""
