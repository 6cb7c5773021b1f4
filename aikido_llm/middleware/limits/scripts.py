"""What runs inside Redis, in Lua: one step each, by the server's own time. Nothing else runs there meanwhile.

A step takes one JSON object and answers with a list. All keys of a name carry one hash tag, so that they lie in one
slot of a cluster. Numbers are written with six places: Lua's own text of a time would lose its microseconds.
"""

LIMITS = """
-- KEYS: books (hash), leases (sorted set: lease -> expires), line (sorted set: asker -> since when),
--       asks (hash: asker -> "valid until,tokens").
-- in:   rate, burst (by kind, absent without a bound), places (absent without), start (share of the burst that new
--       books have), grace (seconds in which new books that start with nothing grant nothing),
--       over (list of {lease, more requests, more tokens}), leave (list of askers), renew (list of leases),
--       keep (seconds that a lease lasts), owe (seconds in which a debt is paid, however large),
--       pause (seconds, absent for none), ask ({id, tokens}, absent for none),
--       valid (seconds for which an asker that waits keeps its place beyond the wait).
-- out:  {1 granted, 0 wait, -1 nothing was asked; seconds to wait, "-1" while only an end of another can help; of them
--       those that the host asks for}
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local m = cjson.decode(ARGV[1])
local books, leases, line, asks = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local kinds = {'requests', 'tokens'}
local function text(number) return string.format('%.6f', number) end

-- who is there: the dead are struck off
redis.call('ZREMRANGEBYSCORE', leases, '-inf', text(now))
for _, id in ipairs(m.leave) do
  redis.call('ZREM', line, id)
  redis.call('HDEL', asks, id)
end
local first
while true do
  first = redis.call('ZRANGE', line, 0, 0)[1]
  if not first then break end
  local said = redis.call('HGET', asks, first)
  if said and tonumber(string.match(said, '^[^,]+')) > now then break end
  redis.call('ZREM', line, first)
  redis.call('HDEL', asks, first)
end

-- what flowed in
local read = redis.call('HMGET', books, 'at', 'pause', 'saver', 'requests', 'tokens', 'saved requests', 'saved tokens')
local at, pause, saver = tonumber(read[1]) or now, tonumber(read[2]) or 0, read[3] or ''
local gain = math.max(0, now - at)
local level, saved = {}, {}
for i, kind in ipairs(kinds) do
  local rate, burst = m.rate[kind], m.burst[kind]
  if rate then
    level[kind] = (tonumber(read[3 + i]) or burst * m.start) + gain * rate
    saved[kind] = tonumber(read[5 + i] or nil)
    if saved[kind] and saver ~= first then
      level[kind] = level[kind] + saved[kind]
      saved[kind] = nil
    end
    if saved[kind] then
      saved[kind] = saved[kind] + math.max(0, level[kind])
      level[kind] = math.min(0, level[kind])
    end
    level[kind] = math.max(math.min(burst, level[kind]), -rate * m.owe)
  end
end
at = math.max(at, now)
if not read[1] and m.start == 0 then pause = now + m.grace end

-- what is over, what goes on, what the host asks
for _, over in ipairs(m.over) do
  redis.call('ZREM', leases, over[1])
  for i, kind in ipairs(kinds) do
    if level[kind] then
      level[kind] = math.max(math.min(m.burst[kind], level[kind] - over[1 + i]), -m.rate[kind] * m.owe)
    end
  end
end
for _, id in ipairs(m.renew) do redis.call('ZADD', leases, text(now + m.keep), id) end
if m.pause then pause = math.max(pause, now + m.pause) end
if pause > now then
  at = math.max(at, pause)
  for _, kind in ipairs(kinds) do
    if level[kind] then level[kind] = math.min(0, level[kind]) end
  end
end

-- the one decision
local granted, wait = -1, 0
if m.ask then
  local me, needs = m.ask[1], {requests = 1, tokens = m.ask[2]}
  local behind = first and first ~= me
  local sum = {requests = needs.requests, tokens = needs.tokens}
  if behind then
    for _, id in ipairs(redis.call('ZRANGE', line, 0, -1)) do
      if id == me then break end
      local said = redis.call('HGET', asks, id)
      sum.requests = sum.requests + 1
      sum.tokens = sum.tokens + (said and tonumber(string.match(said, ',(.*)$')) or 0)
    end
  end
  wait = math.max(0, pause - now)
  for _, kind in ipairs(kinds) do
    if level[kind] then
      if not behind and needs[kind] > m.burst[kind] then
        saver = me
        saved[kind] = (saved[kind] or 0) + math.max(0, level[kind])
        level[kind] = math.min(0, level[kind])
      end
      local missing = sum[kind] - level[kind] - (saved[kind] or 0)
      if missing > 0.000001 then wait = math.max(wait, at - now + missing / m.rate[kind]) end
    end
  end
  if m.places and redis.call('ZCARD', leases) >= m.places then wait = -1 end
  if wait == 0 and behind then wait = 0.001 end
  if wait == 0 then
    granted = 1
    for _, kind in ipairs(kinds) do
      if level[kind] then
        level[kind] = math.min(m.burst[kind], level[kind] + (saved[kind] or 0) - needs[kind])
        saved[kind] = nil
      end
    end
    redis.call('ZREM', line, me)
    redis.call('HDEL', asks, me)
    redis.call('ZADD', leases, text(now + m.keep), me)
  else
    granted = 0
    redis.call('ZADD', line, 'NX', text(now), me)
    redis.call('HSET', asks, me, text(now + m.valid + math.max(0, math.min(wait, m.valid))) .. ',' .. text(m.ask[2]))
  end
end

-- written down
local fields = {'at', text(at), 'pause', text(pause), 'saver', saver}
local gone = {}
for _, kind in ipairs(kinds) do
  if level[kind] then
    fields[#fields + 1] = kind
    fields[#fields + 1] = text(level[kind])
    if saved[kind] then
      fields[#fields + 1] = 'saved ' .. kind
      fields[#fields + 1] = text(saved[kind])
    elseif read[kind == 'requests' and 6 or 7] then
      gone[#gone + 1] = 'saved ' .. kind
    end
  end
end
redis.call('HSET', books, unpack(fields))
if #gone > 0 then redis.call('HDEL', books, unpack(gone)) end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, 86400) end
return {granted, text(wait), text(math.max(0, pause - now))}
"""

SUMS = """
-- KEYS: sums (hash: usd, tokens, spent or reserved). Money is in billionths of a dollar; all are whole numbers.
-- in:   over (by kind: what is to be added in any case, below nothing when less was spent than reserved),
--       add (by kind: what is reserved if it fits), most (by kind, absent without a bound),
--       seen (by kind: what the asker has last seen, for a Redis that has lost it).
-- out:  {1 reserved, 0 it does not fit; usd, tokens as they stand}
local m = cjson.decode(ARGV[1])
local kinds = {'usd', 'tokens'}
local read = redis.call('HMGET', KEYS[1], 'usd', 'tokens')
local function text(number) return string.format('%.0f', number) end
local sums, fits = {}, 1
for i, kind in ipairs(kinds) do
  sums[i] = (tonumber(read[i]) or m.seen[kind]) + m.over[kind]
  if m.most[kind] and sums[i] + m.add[kind] > m.most[kind] then fits = 0 end
end
for i, kind in ipairs(kinds) do
  sums[i] = sums[i] + fits * m.add[kind]
  redis.call('HSET', KEYS[1], kind, text(sums[i]))
end
return {fits, text(sums[1]), text(sums[2])}
"""
