/**
 * Counters. A window comes as `{counter, 'fixed', end or ''}` or `{counter, 'rolling', length}`.
 *
 * `c:<counter>` has the sums, and for a rolling window `m:<counter>` its amounts in order of time and `a:<counter>` what
 * each is. What has left by the caller's clock is left out of every answer, but it is dropped only when the server's
 * clock has passed it too, so that a machine whose clock runs ahead cannot make others forget their money.
 */
export const countersLua = `
local keptMs = 172800000

local function amountsOf(counter, ids)
  local spent, held = '0', '0'
  for i = 1, #ids, 1000 do
    for _, pair in ipairs(redis.call('HMGET', P .. 'a:' .. counter, unpack(ids, i, math.min(i + 999, #ids)))) do
      if pair then
        local s, h = string.match(pair, '^(%S+) (%S+)$')
        spent, held = sum(spent, s), sum(held, h)
      end
    end
  end
  return spent, held
end

local function state(counter, at)
  local row = redis.call('HMGET', P .. 'c:' .. counter, 'length', 'end', 'spent', 'held')
  if not row[1] or (row[2] ~= '' and tonumber(row[2]) + keptMs < at) then return {'0', '0', ''}, false end
  if row[1] == '' then return {row[3], row[4], ''}, true end
  local length = tonumber(row[1])
  local left = redis.call('ZRANGEBYSCORE', P .. 'm:' .. counter, '-inf', num(at - length))
  local spent, held = amountsOf(counter, left)
  local oldest = redis.call('ZRANGEBYSCORE', P .. 'm:' .. counter, '(' .. num(at - length), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  local nextRelease = oldest[2] and num(tonumber(oldest[2]) + length) or ''
  return {sum(row[3], minus(spent)), sum(row[4], minus(held)), nextRelease}, true
end

local function addTo(counter, spent, held)
  local row = redis.call('HMGET', P .. 'c:' .. counter, 'spent', 'held')
  redis.call('HSET', P .. 'c:' .. counter, 'spent', sum(row[1], spent), 'held', sum(row[2], held))
end

local function dropMember(counter, id)
  redis.call('ZREM', P .. 'm:' .. counter, id)
  redis.call('HDEL', P .. 'a:' .. counter, id)
end

local function decay(counter, length, at)
  local latest = num(math.min(at, serverNow()) - length)
  local left = redis.call('ZRANGEBYSCORE', P .. 'm:' .. counter, '-inf', latest, 'LIMIT', 0, 1000)
  if #left == 0 then return end
  local spent, held = amountsOf(counter, left)
  addTo(counter, minus(spent), minus(held))
  redis.call('ZREM', P .. 'm:' .. counter, unpack(left))
  redis.call('HDEL', P .. 'a:' .. counter, unpack(left))
end

-- The two oldest become one that leaves with the later, and open holds are told where their money went.
local function mergeOldest(counter)
  local two = redis.call('ZRANGE', P .. 'm:' .. counter, 0, 1, 'WITHSCORES')
  local merged = two[1]
  if string.sub(merged, 1, 2) ~= '* ' then
    merged = '* ' .. redis.call('HINCRBY', P .. 'c:' .. counter, 'merges', 1)
  end
  local spent, held = amountsOf(counter, {two[1], two[3]})
  for _, id in ipairs({two[1], two[3]}) do
    dropMember(counter, id)
    if redis.call('EXISTS', P .. 'h:' .. id) == 1 then redis.call('HSET', P .. 'h:' .. id, 'in:' .. counter, merged) end
  end
  redis.call('ZADD', P .. 'm:' .. counter, two[4], merged)
  redis.call('HSET', P .. 'a:' .. counter, merged, spent .. ' ' .. held)
end

local function make(window, at, endsAt)
  local counter = window[1]
  redis.call('HSET', P .. 'c:' .. counter, 'length', window[2] == 'rolling' and window[3] or '', 'end', endsAt,
    'spent', '0', 'held', '0')
  redis.call('ZADD', P .. 'counters', 0, counter)
  if endsAt ~= '' then
    redis.call('ZADD', P .. 'counters-end', num(tonumber(endsAt) + keptMs), counter)
    expire('c:' .. counter, math.max(0, tonumber(endsAt) - at) + keptMs)
  end
end

local function add(window, id, at, now, spent, held, membersMax)
  local counter = window[1]
  local last = redis.call('HGET', P .. 'c:' .. counter, 'end')
  if window[2] == 'fixed' then
    if not last then make(window, now, window[3]) end
    return addTo(counter, spent, held)
  end
  local length = tonumber(window[3])
  local endsAt = at + length
  if not last then make(window, now, num(endsAt)) end
  addTo(counter, spent, held)
  if last and tonumber(last) < endsAt then
    redis.call('HSET', P .. 'c:' .. counter, 'end', num(endsAt))
    redis.call('ZADD', P .. 'counters-end', num(endsAt + keptMs), counter)
  end
  local known = redis.call('HGET', P .. 'a:' .. counter, id)
  if known then
    local s, h = string.match(known, '^(%S+) (%S+)$')
    spent, held = sum(spent, s), sum(held, h)
  end
  redis.call('ZADD', P .. 'm:' .. counter, num(at), id)
  redis.call('HSET', P .. 'a:' .. counter, id, spent .. ' ' .. held)
  for _, kind in ipairs({'c:', 'm:', 'a:'}) do
    expire(kind .. counter, length + keptMs)
  end
  decay(counter, length, now)
  if redis.call('ZCARD', P .. 'm:' .. counter) > membersMax then mergeOldest(counter) end
end

local function moveMember(counter, id, held, spent)
  local pair = redis.call('HGET', P .. 'a:' .. counter, id)
  if not pair then return end
  addTo(counter, spent, minus(held))
  local s, h = string.match(pair, '^(%S+) (%S+)$')
  s, h = sum(s, spent), sum(h, minus(held))
  if s == '0' and h == '0' then return dropMember(counter, id) end
  redis.call('HSET', P .. 'a:' .. counter, id, s .. ' ' .. h)
end

-- What a purchase or correction does: p.held leaves and p.spent comes. p.merged tells the amounts that were merged away.
local function post(window, p)
  local counter = window[1]
  local leavesAt = window[2] == 'rolling' and p.at + tonumber(window[3]) or tonumber(window[3])
  local open = not leavesAt or leavesAt > p.now
  local before, exists = state(counter, p.now)
  if (p.held == '0' and p.spent == '0') or not (exists or open) then return before end
  if window[2] == 'fixed' then
    -- A counter that was lost has lost what was held in it too.
    add(window, p.id, p.at, p.now, p.spent, exists and minus(p.held) or '0', p.membersMax)
  elseif p.held ~= '0' then
    moveMember(counter, p.merged[counter] or p.id, p.held, p.spent)
    decay(counter, tonumber(window[3]), p.now)
  elseif open then
    add(window, p.id, p.at, p.now, p.spent, '0', p.membersMax)
  end
  return (state(counter, p.now))
end

local function sweep(at)
  local ended = redis.call('ZRANGEBYSCORE', P .. 'counters-end', '-inf', '(' .. num(math.min(at, serverNow())), 'LIMIT', 0, 20)
  for _, counter in ipairs(ended) do
    redis.call('UNLINK', P .. 'c:' .. counter, P .. 'm:' .. counter, P .. 'a:' .. counter)
    redis.call('ZREM', P .. 'counters', counter)
    redis.call('ZREM', P .. 'counters-end', counter)
  end
end
`;
