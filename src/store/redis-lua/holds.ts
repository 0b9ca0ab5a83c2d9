/**
 * Open holds: `h:<id>` each, in order of time in `open`, by request id in `requests`, by cache key in `k:<key>`.
 * `holdOf` answers a hold's texts in the order of `redis-records`.
 */
export const holdsLua = `
local function holdOf(id)
  local hold = redis.call('HMGET', P .. 'h:' .. id, 'at', 'amount', 'state', 'request', 'sharers', 'doubt', 'key',
    'endpoint', 'tags', 'detail')
  if not hold[1] then return nil end
  table.insert(hold, 1, id)
  return hold
end

local function newestOf(key, since, boundOnly)
  local unbound
  for _, id in ipairs(redis.call('ZREVRANGEBYSCORE', P .. 'k:' .. key, '+inf', since)) do
    local row = redis.call('HMGET', P .. 'h:' .. id, 'request', 'sharers')
    if row[1] and row[2] ~= '0' then
      if row[1] ~= '' then return id end
      unbound = unbound or id
    end
  end
  if not boundOnly then return unbound end
end

local function setRequest(id, request)
  local before = redis.call('HGET', P .. 'h:' .. id, 'request')
  if before ~= '' and before ~= request and redis.call('HGET', P .. 'requests', before) == id then
    redis.call('HDEL', P .. 'requests', before)
  end
  redis.call('HSET', P .. 'requests', request, id)
end

local function removeHold(id, request, key)
  redis.call('DEL', P .. 'h:' .. id)
  redis.call('ZREM', P .. 'open', id)
  if request ~= '' and redis.call('HGET', P .. 'requests', request) == id then
    redis.call('HDEL', P .. 'requests', request)
  end
  if key ~= '' then redis.call('ZREM', P .. 'k:' .. key, id) end
end
`;
